"""A polite fetcher: lists of addresses become a WARC file that the `warc` source reads."""

from pipelines.fetch.fetcher import Fetcher, FetchOptions

__all__ = ["FetchOptions", "Fetcher"]
