"""The command line. Commands import what they need in their bodies, so `gristmill --help` is instant."""

from pipelines.cli.main import app, main

__all__ = ["app", "main"]
