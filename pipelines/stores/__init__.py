"""Runs that are kept in an object store: s3://, gs:// or what else fsspec opens. There is no rename there."""
