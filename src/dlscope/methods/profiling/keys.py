"""Structural keys: what makes spans of different iterations and runs the same, but never time.

A key is the parent's key, the level, the name, and the place among the siblings of that level and
name, so that what is missing in one iteration moves nothing else; where a namesake is missing, the
siblings are aligned (see `sequences`). Sampled kernels have no place: all samples of one name under
one parent are one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dlscope.core.trace import SPAN_KINDS, Trace
from dlscope.methods.profiling.sequences import Rows, Sequences, align

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
    trace: Trace, parents: Rows, sequences: Sequences | None = None
) -> tuple[Rows, Rows]:
    """For each span one number, equal for the same part of the model, and its place in the key.

    A parent's number is less than its children's. `trace` must be `numbered`; `sequences` is what
    its other parts have shown.
    """
    names = _codes(trace)
    counted, first = _places(trace, names)
    places = np.where(trace["kind"] == _SAMPLE, 0, counted)
    known = sequences or Sequences()
    keys = np.full(len(trace), NO_ROW, dtype=np.int64)
    generation = np.flatnonzero(parents == NO_ROW)
    least = 0
    while generation.size:
        above = np.where(
            parents[generation] == NO_ROW, NO_ROW, keys[np.maximum(parents[generation], 0)]
        )
        level = trace["level"][generation]
        keys[generation] = least + _numbers((above, level, places[generation], names[generation]))
        odd = _is_uneven(keys, first, places, generation)
        groups = _numbers((above, level))
        if _align(trace, parents, places, generation, groups, odd, known):
            columns = (above, level, places[generation], names[generation])
            keys[generation] = least + _numbers(columns)
        least = int(keys[generation].max()) + 1
        generation = np.flatnonzero((keys == NO_ROW) & (keys[np.maximum(parents, 0)] != NO_ROW))
    return keys, places


def _is_uneven(keys: Rows, first: Rows, places: Rows, rows: Rows) -> NDArray[np.bool_]:
    """Which of `rows` are namesakes of another that is there more often."""
    counts = np.bincount(keys[rows])
    is_uneven: NDArray[np.bool_] = (places[rows] > 0) & (
        counts[keys[rows]] != counts[keys[first[rows]]]
    )
    return is_uneven


def _align(
    trace: Trace,
    parents: Rows,
    places: Rows,
    generation: Rows,
    groups: Rows,
    is_uneven: NDArray[np.bool_],
    sequences: Sequences,
) -> bool:
    """Give siblings the places of their partners; whether any was changed."""
    uneven = set(np.unique(groups[is_uneven]).tolist())
    order = np.argsort(groups, kind="stable")
    begins = np.flatnonzero(np.diff(groups[order])) + 1
    changed = False
    for group, siblings in enumerate(np.split(generation[order], begins)):
        row = int(siblings[0])
        path = (int(trace["level"][row]), *_path(trace, parents, places, row))
        iterations = _by_iteration(trace, siblings[trace["kind"][siblings] != _SAMPLE])
        is_even = group not in uneven
        changed |= align(trace, path, iterations, places, sequences, is_even=is_even)
    return changed


def _path(trace: Trace, parents: Rows, places: Rows, row: int) -> Iterator[Hashable]:
    """What tells the parent of `row` in every part of a trace: itself and all above it."""
    while (row := int(parents[row])) != NO_ROW:
        yield int(trace["level"][row]), int(places[row]), trace.texts[trace["name"][row]]


def _by_iteration(trace: Trace, rows: Rows) -> list[Rows]:
    """`rows` parted by iteration, each in order of execution."""
    keys = (trace["index"][rows], trace["iteration"][rows], trace["run"][rows])
    ordered = rows[np.lexsort(keys)]
    begins = np.diff(trace["iteration"][ordered]) | np.diff(trace["run"][ordered])
    return np.split(ordered, np.flatnonzero(begins) + 1)


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


def _places(trace: Trace, names: Rows) -> tuple[Rows, Rows]:
    """The place of each span among the siblings that are called like it, from 0.

    And the row of the first of them.
    """
    alike = (trace["run"], trace["iteration"], trace["parent_id"], trace["level"], names)
    order = np.lexsort((trace["index"], *alike))
    is_first = np.ones(len(trace), dtype=np.bool_)
    is_first[1:] = np.any(np.diff(np.stack([key[order] for key in alike]), axis=1), axis=0)
    rows = np.arange(len(trace))
    begins = np.maximum.accumulate(np.where(is_first, rows, 0))
    places, first = np.empty((2, len(trace)), dtype=np.int64)
    places[order], first[order] = rows - begins, order[begins]
    return places, first


def _codes(trace: Trace) -> NDArray[np.int64]:
    """Names as numbers: equal texts may lie in several places of a trace."""
    distinct: dict[str, int] = {}
    codes = np.array([distinct.setdefault(text, len(distinct)) for text in trace.texts])
    return np.asarray(codes[trace["name"]], dtype=np.int64)
