from pathlib import Path

import pytest

from curation.recipe_file import parse_recipe
from pipelines.runner import Options, run_recipe
from tests.conftest import RECIPE


@pytest.fixture(scope="session")
def reference_run(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small recipe, run once in this process. Tests must not change it."""
    root = tmp_path_factory.mktemp("reference")
    run_recipe(parse_recipe(RECIPE.format(corpus=corpus)), root, Options(workers=1, quiet=True))
    return root
