"""What is done to documents: pure functions over pyarrow batches. No Beam, no torch, no network."""
