"""Reads finished shards only: pretrain, fine-tune, generate, ablate."""
