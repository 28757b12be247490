"""Known defects, put into text on purpose: what an ablation measures the price of."""
