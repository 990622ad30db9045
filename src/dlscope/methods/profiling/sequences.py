"""`Sequences`: which of several namesakes a span is, when not every iteration has all of them.

A span is known by its name and its place among the siblings of that name. Where one of them is
missing in an iteration, or in a run, counting would take the second for the first. There the
siblings are aligned with what was seen before, by the longest common subsequence of (name, type,
shape), and what has no partner is new (XSP, joining of runs).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.trace import Trace
from dlscope.methods.profiling.alignment import aligned

Rows = NDArray[np.int64]
_SHAPES = ("problem", "output_shape")
"""Attributes that tell a shape: of a library call, and of a layer."""


class Part(NamedTuple):
    """What must be equal for two spans to be the same part of what holds them."""

    name: str
    type: str = ""
    shape: str = ""


@final
class Sequences:
    """What each parent holds, in order of execution, each with its place among its namesakes."""

    def __init__(self) -> None:
        self._known: dict[Hashable, list[tuple[Part, int]]] = {}
        self._told: dict[tuple[Hashable, tuple[Part, ...]], tuple[int, ...]] = {}

    def places(self, parent: Hashable, sequence: tuple[Part, ...]) -> tuple[int, ...]:
        """The place of each part, equal to that of its partner in what was seen before.

        What has no partner takes the next place of its name, so that none that is known moves.
        """
        key = (parent, sequence)
        if key not in self._told:
            self._told[key] = self._aligned(parent, sequence)
        return self._told[key]

    def _aligned(self, parent: Hashable, sequence: tuple[Part, ...]) -> tuple[int, ...]:
        known = self._known.get(parent, [])
        partner = {new: old for old, new in aligned([part for part, _ in known], sequence)}
        taken = Counter(part.name for part, _ in known)
        whole: list[tuple[Part, int]] = []
        places: list[int] = []
        passed = 0
        for number, part in enumerate(sequence):
            old = partner.get(number)
            if old is None:
                whole.append((part, taken[part.name]))
                taken[part.name] += 1
            else:
                whole.extend(known[passed : old + 1])
                passed = old + 1
            places.append(whole[-1][1])
        self._known[parent] = [*whole, *known[passed:]]
        return tuple(places)


def align(
    trace: Trace,
    path: Hashable,
    iterations: Sequence[Rows],
    places: Rows,
    sequences: Sequences,
    *,
    is_even: bool,
) -> bool:
    """Whether any of `places` had to be changed so that each span goes with its partners.

    `iterations` hold the rows of the siblings under `path` in order of execution, one array for
    each iteration. Where it `is_even`, each has as many of every name, and the first tells of all.
    """
    changed = False
    for rows in iterations:
        told = np.array(sequences.places(path, tuple(parts(trace, rows))), dtype=np.int64)
        if not np.array_equal(told, places[rows]):
            places[rows] = told
            changed = True
        elif is_even:
            break
    return changed


def parts(trace: Trace, rows: Rows) -> Iterator[Part]:
    """What tells each of `rows` from its siblings."""
    columns = (trace[name][rows].tolist() for name in ("name", "type", "attributes"))
    for name, kind, attributes in zip(*columns, strict=True):
        yield Part(trace.texts[name], trace.texts[kind], _shape(trace.texts[attributes]))


def _shape(attributes: str) -> str:
    # Most spans tell no shape, and reading all attributes of a long trace takes its time.
    if not any(name in attributes for name in _SHAPES):
        return ""
    told = json.loads(attributes)
    return next((str(told[name]) for name in _SHAPES if name in told), "")
