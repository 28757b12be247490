"""From documents to token ids: which tokenizers have a fast way, and that way."""
