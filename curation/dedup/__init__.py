"""Groupings: keys for a batch, and the survivor of a group, chosen by content."""
