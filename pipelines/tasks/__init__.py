"""What a worker does for one unit of a stage: files in, files and a receipt out. No Beam here."""
