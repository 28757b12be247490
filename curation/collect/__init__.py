"""Sources: where records come from, and how each becomes a document or a row of quarantine."""
