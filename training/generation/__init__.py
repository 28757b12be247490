"""Text from a model, where it may come from, and sheets for people to rate it."""
