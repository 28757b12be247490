"""Taking documents out for good: what goes, how files change, and what is certified."""
