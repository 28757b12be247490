"""The documentation as pages: `make docs`. A link that leads nowhere is an error."""

from importlib.metadata import version as version_of

project = "Gristmill"
copyright = "the Gristmill authors"  # noqa: A001
version = release = version_of("gristmill")
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "contents"
include_patterns = ["**/*.md", "*.md"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"Gristmill {release}"
html_extra_path = ["notebooks"]
html_show_sphinx = False
# Notebooks lie beside the pages as files; blocks named `output` are as printed.
suppress_warnings = ["myst.xref_missing.notebook"]
