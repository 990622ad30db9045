"""Parents that times cannot tell, told by a second run in which nothing overlaps.

XSP's serialised run: which span belongs to which parent is read from it and carried over by
structure; every time stays that of the run that was asked for. Among several spans that are equal
in name, type and shape only what one parent alone can hold is decided; the rest stays open.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import final

import numpy as np

from dlscope.core.trace import COLUMNS, PARENT_KINDS, SPAN_KINDS, Trace, attributes_text
from dlscope.methods.profiling.keys import NO_ROW, parent_rows
from dlscope.methods.profiling.sequences import Part, Rows, parts
from dlscope.tracing.merge import SLACK_NS

SOURCE = "parent_source"
"""The attribute of a span whose parent a second run told; its value is `SERIAL`."""
SERIAL = "serialized_rerun"
_AMBIGUOUS, _CONTAINED = PARENT_KINDS.index("ambiguous"), PARENT_KINDS.index("contained")
_SAMPLE = SPAN_KINDS.index("sample")

Path = tuple[tuple[int, str, int], ...]
"""Level, name and place among the siblings of that name, from the top: the same in every run."""
Token = tuple[int, Part]
Owners = Mapping[Token, Counter[Path]]
"""How many spans of a level, a name, a type and a shape each parent holds."""


def untangled(trace: Trace, serial: Trace) -> tuple[Trace, int]:
    """`trace` with parents for those of its ambiguous spans that `serial` can tell, and how many.

    Both have all parents that times tell. A parent is believed only where its span began in it.
    """
    owners, parents = _owners(serial), parent_rows(trace)
    found: dict[int, int] = {}
    for rows in _iterations(trace):
        if np.any(trace["parent_kind"][rows] == _AMBIGUOUS):
            found |= _Iteration(trace, rows, parents).settled(owners)
    return _with_parents(trace, found), len(found)


def _owners(serial: Trace) -> Owners:
    """What each parent holds in the first iteration of a run in which nothing overlaps."""
    owners: dict[Token, Counter[Path]] = defaultdict(Counter)
    for rows in _iterations(serial):
        iteration = _Iteration(serial, rows, parent_rows(serial))
        for row, path in iteration.paths().items():
            owners[iteration.tokens[row]][path[:-1]] += 1
        break
    return owners


@final
class _Iteration:
    """One iteration while the parents of its open spans are found."""

    def __init__(self, trace: Trace, rows: Rows, parents: Rows) -> None:
        self._trace, self._rows, self._parents = trace, rows, parents
        levels = trace["level"][rows].tolist()
        self.tokens: dict[int, Token] = dict(
            zip(rows.tolist(), zip(levels, parts(trace, rows), strict=True), strict=True)
        )
        self._open = rows[trace["parent_kind"][rows] == _AMBIGUOUS].tolist()
        self._found: dict[int, int] = {}

    def settled(self, owners: Owners) -> dict[int, int]:
        """The row of the parent for each open span that `owners` can tell, the higher first."""
        for level in sorted({self.tokens[row][0] for row in self._open}):
            paths = self.paths()
            left = {token: Counter(counts) for token, counts in owners.items()}
            for row, path in paths.items():
                if self.tokens[row] in left:
                    left[self.tokens[row]][path[:-1]] -= 1
            at = {path: row for row, path in paths.items()}
            self._decide([row for row in self._open if self.tokens[row][0] == level], left, at)
        return self._found

    def paths(self) -> dict[int, Path]:
        """The path of every span that has a place."""
        seen: Counter[tuple[int, int, str]] = Counter()
        own: dict[int, tuple[int, str, int]] = {}
        for row in self._rows[np.argsort(self._trace["start_ns"][self._rows], kind="stable")]:
            level, part = self.tokens[int(row)]
            key = (self._parent(int(row)), level, part.name)
            own[int(row)] = (level, part.name, seen[key])
            seen[key] += 1
        paths: dict[int, Path] = {}
        for row in own:
            self._climb(row, own, paths)
        return paths

    def _climb(
        self, row: int, own: Mapping[int, tuple[int, str, int]], paths: dict[int, Path]
    ) -> Path | None:
        """The path of `row`, None where something above it has no place."""
        if row in paths:
            return paths[row]
        parent = self._parent(row)
        above: Path | None = ()
        if parent != NO_ROW:
            above = self._climb(parent, own, paths)
        elif self._trace["parent_id"][row]:
            above = None
        if above is None:
            return None
        paths[row] = (*above, own[row])
        return paths[row]

    def _parent(self, row: int) -> int:
        return self._found.get(row, int(self._parents[row]))

    def _decide(
        self, rows: Sequence[int], left: Mapping[Token, Counter[Path]], at: Mapping[Path, int]
    ) -> None:
        """Give each of `rows` its parent while one of them has a single one that has room."""
        undecided = set(rows)
        while True:
            claims: dict[tuple[Token, Path], list[int]] = defaultdict(list)
            for row in undecided:
                room = left.get(self.tokens[row], Counter[Path]())
                able = [path for path in room if self._can_hold(path, at, room, row)]
                if len(able) == 1:
                    claims[self.tokens[row], able[0]].append(row)
            settled = [
                (row, token, path)
                for (token, path), claimants in claims.items()
                for row in claimants
                if self._is_sample(row) or len(claimants) <= left[token][path]
            ]
            for row, token, path in settled:
                self._found[row] = at[path]
                left[token][path] -= 1
                undecided.discard(row)
            if not settled:
                return

    def _can_hold(self, path: Path, at: Mapping[Path, int], room: Counter[Path], row: int) -> bool:
        """Whether the span at `path` has room for `row`, which began while it ran."""
        if path not in at or not (room[path] > 0 or self._is_sample(row)):
            return False
        trace, parent = self._trace, at[path]
        start = int(trace["start_ns"][row])
        # What a device executes may begin after its launch is over.
        is_late = start > int(trace["end_ns"][parent]) + SLACK_NS and trace["device"][row] < 0
        return start >= int(trace["start_ns"][parent]) - SLACK_NS and not is_late

    def _is_sample(self, row: int) -> bool:
        return bool(self._trace["kind"][row] == _SAMPLE)


def _iterations(trace: Trace) -> Iterator[Rows]:
    """The rows of each iteration of each run."""
    order = np.lexsort((trace["iteration"], trace["run"]))
    changes = np.diff(trace["iteration"][order]) | np.diff(trace["run"][order])
    if order.size:
        yield from np.split(order, np.flatnonzero(changes) + 1)


def _with_parents(trace: Trace, found: Mapping[int, int]) -> Trace:
    if not found:
        return trace
    rows = np.array(list(found), dtype=np.int64)
    ids, kinds, attributes = (
        trace[name].copy() for name in ("parent_id", "parent_kind", "attributes")
    )
    ids[rows] = trace["id"][list(found.values())]
    kinds[rows] = _CONTAINED
    told: dict[str, int] = {}
    for row in found:
        text = attributes_text({**trace.attributes_at(row), SOURCE: SERIAL})
        attributes[row] = len(trace.texts) + told.setdefault(text, len(told))
    columns = {"parent_id": ids, "parent_kind": kinds, "attributes": attributes}
    whole = {name: trace[name] for name in COLUMNS} | columns
    return Trace.of_columns(whole, [*trace.texts, *told])
