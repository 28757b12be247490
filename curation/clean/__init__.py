"""Operators that rewrite text, and count what they changed."""
