"""Level sets: `M,L,B`, `M/L/K`, or names, from the model down."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dlscope.core.errors import PlanError
from dlscope.core.trace import Level

LETTERS = {
    "M": Level.MODEL,
    "L": Level.LAYER,
    "B": Level.LIBRARY,
    "K": Level.KERNEL,
    "G": Level.KERNEL,
    "C": Level.COMPILER,
    "H": Level.COUNTER,
}
"""The paper calls its third level G."""
_LETTER = {level: letter for letter, level in reversed(LETTERS.items())}


def parse_levels(text: str) -> tuple[Level, ...]:
    """The levels that `text` names, from the model down.

    Raises `PlanError` for an unknown level, one that comes twice or out of order, and a set
    without the model.
    """
    words = [word for word in re.split(r"[,/\s]+", text.strip()) if word]
    levels = tuple(LETTERS.get(word.upper()) or Level.named(word) for word in words)
    if not levels or levels[0] != Level.MODEL:
        raise _refused(f"{text!r} does not begin with the model", "begin with M: M,L,B")
    if list(levels) != sorted(set(levels)):
        raise _refused(f"{text!r} is not in order", f"write {level_set(sorted(set(levels)))}")
    return levels


def level_set(levels: Sequence[Level]) -> str:
    """The paper's notation: `M/L/K`."""
    return "/".join(_LETTER.get(level, level.name) for level in levels)


def _refused(what: str, fix: str) -> PlanError:
    return PlanError(what, where="levels", fix=fix)
