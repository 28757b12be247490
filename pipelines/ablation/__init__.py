"""Studies made from recipes: a study file in, arms and held-out sets made, runs trained, a report written."""
