"""What one sees of a run: its log, its rates, its page of curves."""
