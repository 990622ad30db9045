"""Structural keys: what makes spans of different iterations and runs the same, but never time.

A key is the parent's key, the level, the name, and the place among the siblings of that level and
name, so that what is missing in one iteration moves nothing else. Sampled kernels have no place:
all samples of one name under one parent are one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dlscope.core.trace import SPAN_KINDS, Trace

NO_ROW = -1
_SAMPLE = SPAN_KINDS.index("sample")
_MOST = 1 << 62


def parent_rows(trace: Trace) -> NDArray[np.int64]:
    """For each span the row of its parent, `NO_ROW` for roots and what has no place."""
    if not len(trace):
        return np.empty(0, dtype=np.int64)
    order = np.argsort(trace["id"], kind="stable")
    place = np.minimum(np.searchsorted(trace["id"][order], trace["parent_id"]), len(trace) - 1)
    row = order[place]
    found = (trace["id"][row] == trace["parent_id"]) & (trace["parent_id"] > 0)
    return np.where(found, row, NO_ROW).astype(np.int64)


def structural_keys(
    trace: Trace, parents: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each span one number, equal for the same part of the model, and its place in the key.

    A parent's number is less than its children's. `trace` must be `numbered`.
    """
    names = _codes(trace)
    places = np.where(trace["kind"] == _SAMPLE, 0, _places(trace, names))
    keys = np.full(len(trace), NO_ROW, dtype=np.int64)
    generation = np.flatnonzero(parents == NO_ROW)
    known = 0
    while generation.size:
        above = np.where(
            parents[generation] == NO_ROW, NO_ROW, keys[np.maximum(parents[generation], 0)]
        )
        columns = (above, trace["level"][generation], places[generation], names[generation])
        found = _numbers(columns)
        keys[generation] = known + found
        known += int(found.max()) + 1
        generation = np.flatnonzero((keys == NO_ROW) & (keys[np.maximum(parents, 0)] != NO_ROW))
    return keys, places


def _numbers(columns: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Equal numbers, counted from 0, where all columns are equal."""
    combined = np.zeros(columns[0].size, dtype=np.int64)
    room = 1
    for column in columns:
        least, greatest = int(column.min()), int(column.max())
        room *= greatest - least + 1
        combined = combined * (greatest - least + 1) + (column - least)
    if room >= _MOST:
        _, found = np.unique(np.stack(columns), axis=1, return_inverse=True)
    else:
        # One number for each row sorts several times as fast as a row of four.
        _, found = np.unique(combined, return_inverse=True)
    return np.asarray(found, dtype=np.int64).reshape(-1)


def _places(trace: Trace, names: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of each span among the siblings that are called like it, from 0."""
    alike = (trace["run"], trace["iteration"], trace["parent_id"], trace["level"], names)
    order = np.lexsort((trace["index"], *alike))
    is_first = np.ones(len(trace), dtype=np.bool_)
    is_first[1:] = np.any(np.diff(np.stack([key[order] for key in alike]), axis=1), axis=0)
    rows = np.arange(len(trace))
    places = np.empty(len(trace), dtype=np.int64)
    places[order] = rows - np.maximum.accumulate(np.where(is_first, rows, 0))
    return places


def _codes(trace: Trace) -> NDArray[np.int64]:
    """Names as numbers: equal texts may lie in several places of a trace."""
    distinct: dict[str, int] = {}
    codes = np.array([distinct.setdefault(text, len(distinct)) for text in trace.texts])
    return np.asarray(codes[trace["name"]], dtype=np.int64)
