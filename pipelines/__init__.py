"""Recipes become stages, stages run on Beam; and the command line."""
