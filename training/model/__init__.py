"""The decoder that is trained here, and the way to and from transformers."""
