"""Small made-up corpora to practise on, for whoever has no data at hand; the documentation's examples run on them."""
