"""`SpanColumns`: the columns of a trace while a reader fills them, eight bytes a value."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.trace import PARENT_KINDS, SPAN_KINDS, Trace

WORDS: Mapping[str, tuple[str, ...]] = {"kind": SPAN_KINDS, "parent_kind": PARENT_KINDS}
"""Columns that hold one of a few words, as places among them."""


@final
class SpanColumns:
    """Rows of the columns `names`, in that order; texts are given as their `place`."""

    def __init__(self, *names: str) -> None:
        self._names = names
        self._values = array("q")
        self._places: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._values) // len(self._names)

    def place(self, text: str) -> int:
        """Where `text` stands among the texts of the trace."""
        return self._places.setdefault(text, len(self._places))

    def add(self, *row: int) -> None:
        """One span. Raises OverflowError for a value of more than 64 bits."""
        self._values.extend(row)

    def arrays(self) -> dict[str, NDArray[np.int64]]:
        """The columns so far."""
        rows = (
            np.frombuffer(self._values, dtype=np.int64) if self._values else np.empty(0, np.int64)
        )
        return dict(zip(self._names, rows.reshape(-1, len(self._names)).T, strict=True))

    def trace(self, columns: Mapping[str, Any]) -> Trace:
        """A trace of `columns`, usually those of `arrays` with some more."""
        return Trace.of_columns(columns, self._places)
