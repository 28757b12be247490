"""Operators that add attributes and never touch text."""
