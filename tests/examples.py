"""Parameters for operators that cannot be made without any: name -> function of a folder for the files they need.

A function that returns a string says why the operator cannot be tried here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

EXAMPLES: dict[str, Callable[[Path], dict[str, Any] | str]] = {}
