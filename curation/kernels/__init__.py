"""Compiled loops over byte buffers and offsets: arrays in, arrays out. They know numpy and numba, nothing else."""
