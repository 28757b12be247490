"""The report of a study: one self-contained page, its numbers as JSON, its runs as CSV."""

from training.ablation.report.write import write_report

__all__ = ["write_report"]
