"""Settings of the trainer's tests: one thread, so that several test processes do not fight over the cores."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.training.token_shards import write_stories


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def stories_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Token shards of made-up stories; tests must not change them."""
    return write_stories(tmp_path_factory.mktemp("stories") / "tokens")
