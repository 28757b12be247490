"""Texts said in other words by a model: where it runs, what is asked of it, and which answers are good enough."""
