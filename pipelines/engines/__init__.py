"""Engines besides this process: what they are called, what they need, and the job server that a run starts for itself.

Nothing here imports Beam.
"""
