"""Which document goes where: splits, proportions, order."""
