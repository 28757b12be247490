"""What a study leaves for people: `report.html`, `results.json`, `runs.csv`. Equal results give equal bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from curation.files import canonical_json, whole_file
from training.ablation.report.page import draw_page
from training.ablation.report.tables import runs_csv
from training.ablation.results import Results, load_results
from training.ablation.statistics import Analysis, analyse

__all__ = ["write_report"]

PAGE, NUMBERS, RUNS = "report.html", "results.json", "runs.csv"


def write_report(study_directory: Path, smaller: Sequence[Path] = ()) -> Path:
    """Analyse what is finished of a study and write the three files; returns the page's path.

    `smaller` are directories of studies with the same arms at smaller sizes: would they have decided the same?

    Raises IntegrityError for files that are not what they should be, ResourceError where no run is finished.
    """
    results = load_results(study_directory)
    found = analyse(results, [load_results(path) for path in smaller])
    numbers, runs = numbers_json(results, found), runs_csv(results)
    for name, text in ((NUMBERS, numbers), (RUNS, runs), (PAGE, draw_page(results, found, numbers, runs))):
        with whole_file(study_directory / name) as file:
            file.write(text.encode())
    return study_directory / PAGE


def numbers_json(results: Results, found: Analysis) -> str:
    """The whole analysis and every run, without samples."""
    runs = [run.model_dump(mode="json", exclude={"samples"}) for run in results.runs]
    return canonical_json({"analysis": found.model_dump(mode="json"), "runs": runs})
