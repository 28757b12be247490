"""A dataset or its export to the Hugging Face hub: exactly the files that its manifest names, whole or not at all.

The token is that of the environment or of `hf auth login`; the library finds it, and nothing here sees it.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

from curation.errors import RecipeError, ResourceError
from curation.manifest import MANIFEST, Manifest
from data_cards.card import needs_human
from data_cards.facts import CardFacts

__all__ = ["push"]


def push(
    folder: Path,
    repository: str,
    *,
    private: bool = True,
    branch: str | None = None,
    unanswered: bool = False,
    squash: bool = False,
    api: Any = None,
) -> str:
    """The address of the commit. Raises RecipeError while the card waits for a person, unless `unanswered` allows it,
    IntegrityError for a damaged file, ResourceError for what the hub refuses.

    `squash` leaves the branch without its history, as a takedown asks for.
    """
    root = folder / "dataset" if (folder / "dataset" / MANIFEST).is_file() else folder
    if not (root / MANIFEST).is_file():
        do = "give a finished run, a dataset folder, or what `gristmill export --parquet` wrote"
        raise ResourceError(str(folder), "nothing to publish", f"a folder with {MANIFEST}", do)
    manifest = Manifest.read(root / MANIFEST)
    facts = CardFacts.model_validate(manifest.facts)
    if not unanswered:
        needs_human(facts, where=f"card of {facts.name}")
    for file in manifest.files:
        file.check(root, sums=True)
    names = [MANIFEST, *(file.path for file in manifest.files)]
    return _pushed(api or _hub(), root, names, repository, facts.name, private, branch, squash)


def _hub() -> Any:
    try:
        from huggingface_hub import HfApi
    except ImportError as error:
        do = "pip install huggingface_hub"
        raise ResourceError("push", "no package `huggingface_hub`", "the hub's own client", do) from error
    return HfApi(library_name="gristmill")


def _network_errors() -> tuple[type[Exception], ...]:
    """What a network that fails raises, by the HTTP clients that versions of the hub's library use."""
    clients = [importlib.import_module(name) for name in ("httpx2", "httpx") if importlib.util.find_spec(name)]
    return (ConnectionError, *(client.HTTPError for client in clients))


def _pushed(
    api: Any, root: Path, names: list[str], repository: str, name: str, private: bool, branch: str | None, squash: bool
) -> str:
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalTokenNotFoundError

    common = {"repo_id": repository, "repo_type": "dataset"}
    try:
        api.create_repo(**common, private=private, exist_ok=True)
        if branch is not None:
            api.create_branch(**common, branch=branch, exist_ok=True)
        # What an earlier push left and this one does not name goes: shards of before a takedown, above all.
        commit = api.upload_folder(
            **common,
            folder_path=root,
            revision=branch,
            commit_message=f"{name}, as its manifest names it",
            allow_patterns=names,
            delete_patterns=["*"],
        )
        if squash:
            api.super_squash_history(**common, branch=branch)
    except HFValidationError as error:
        raise RecipeError("push", f"`{repository}`", "a repository NAME or OWNER/NAME", "mend the name") from error
    except LocalTokenNotFoundError as error:
        raise ResourceError("push", "no token", "one of the hub", "set HF_TOKEN, or run `hf auth login`") from error
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else "no answer"
        do = (
            "set HF_TOKEN, or run `hf auth login`"
            if status in (401, 403)
            else "look whether the hub is well, then again"
        )
        raise ResourceError(f"hub {repository}", f"status {status}", "leave to write", do) from None
    except _network_errors() as error:
        do = "look after the network, then push again: what is there is not sent twice"
        raise ResourceError(f"hub {repository}", type(error).__name__, "a hub that answers", do) from None
    return str(commit.commit_url)
