"""Operators that make new documents from old ones."""
