"""Sets of characters that the standard library does not know."""

from __future__ import annotations

import numpy as np

from curation.kernels.unicode_tables import SENTENCE_END as FLAG
from curation.kernels.unicode_tables import character_classes

SENTENCE_END = frozenset(map(chr, np.flatnonzero(character_classes() & FLAG)))
