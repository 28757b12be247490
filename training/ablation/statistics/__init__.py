"""What the runs of a study say, and how sure they are. numpy only; tests compare with scipy and closed forms."""

from training.ablation.statistics.analyse import analyse
from training.ablation.statistics.analysis import Analysis

__all__ = ["Analysis", "analyse"]
