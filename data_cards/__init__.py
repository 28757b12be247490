"""Manifests in; data card, metadata, lineage and audit pages out."""
