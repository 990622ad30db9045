"""`LibraryCall`: one call that a library wrote down in its verbose mode, and its place in time."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.trace import Attribute, Level, Trace
from dlscope.tracing.epoch import EpochClock
from dlscope.tracing.sources.host_spans import NOBODY, Caller, HostSpans
from dlscope.tracing.tracer import Diagnostic


@dataclass(frozen=True)
class LibraryCall:
    """One call. `offset_bytes` is where its line begins in the text; `epoch_ns` None if untold."""

    name: str
    duration_ns: int
    offset_bytes: int
    epoch_ns: int | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True)
class Calls:
    """The calls of a text, in its order, and what could not be read of it."""

    calls: tuple[LibraryCall, ...]
    diagnostics: tuple[Diagnostic, ...] = ()


@final
@dataclass(frozen=True)
class Windows:
    """Intervals one after another, and how long the text was when each of them ended.

    What was written while a window was open, was called in it.
    """

    start_ns: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    end_bytes: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int, int]]) -> Windows:
        """Windows of (start, end, length of the text at the end)."""
        columns = np.array(rows, dtype=np.int64).reshape(len(rows), 3).T
        return cls(*columns)


def lines_with(marker: bytes, text: bytes) -> Iterator[tuple[int, str]]:
    """Offset and text of each line from `marker` on; what a program wrote before it is left out."""
    offset = 0
    for line in text.splitlines(keepends=True):
        at = line.find(marker)
        if at >= 0:
            yield offset + at, line[at:].decode(errors="replace").rstrip("\r\n")
        offset += len(line)


def timed(
    calls: Sequence[LibraryCall],
    clock: EpochClock,
    tracer: str,
    caller: Caller = NOBODY,
    levels: Collection[Level] = (Level.LIBRARY,),
) -> Trace:
    """Spans of the calls that tell when they began; one more of level KERNEL if that is wanted.

    The kernel of a call is what its attribute `impl` names, over the same interval.
    """
    spans = HostSpans(tracer, caller, to_monotonic=clock.to_monotonic)
    for call in calls:
        if call.epoch_ns is None:
            continue
        if Level.LIBRARY in levels:
            _add(spans, call, call.epoch_ns, call.attributes)
        if Level.KERNEL in levels and "impl" in call.attributes:
            impl = str(call.attributes["impl"])
            known = {"source": "impl", "primitive": call.name}
            spans.add(
                Level.KERNEL, impl, call.epoch_ns, call.duration_ns, type=impl, attributes=known
            )
    return spans.trace()


def placed(
    calls: Sequence[LibraryCall],
    windows: Windows | None,
    tracer: str,
    caller: Caller = NOBODY,
) -> tuple[Trace, tuple[Diagnostic, ...]]:
    """Spans of calls that do not tell when they began: end to end from the start of their window.

    Their order and durations are measured, their times are not: attribute `synthetic_ts`. Calls
    after the last window have none and are left out, with a diagnostic. Without windows all of
    them lie end to end from 0.
    """
    spans = HostSpans(tracer, caller)
    homeless = 0
    for start_ns, group in _grouped(calls, windows):
        if start_ns is None:
            homeless += len(group)
            continue
        for call in group:
            _add(spans, call, start_ns, {**call.attributes, "synthetic_ts": True})
            start_ns += call.duration_ns
    what = f"{tracer} calls outside every layer, which have no time"
    return spans.trace(), (Diagnostic("unplaced", what, homeless),) if homeless else ()


def _grouped(
    calls: Sequence[LibraryCall], windows: Windows | None
) -> Iterator[tuple[int | None, list[LibraryCall]]]:
    if windows is None:
        yield 0, list(calls)
        return
    offsets = np.array([call.offset_bytes for call in calls], dtype=np.int64)
    homes = np.searchsorted(windows.end_bytes, offsets, side="right").tolist()
    starts = windows.start_ns.tolist()
    pairs = zip(homes, calls, strict=True)
    for home, group in itertools.groupby(pairs, key=lambda pair: pair[0]):
        start = starts[home] if home < len(starts) else None
        yield start, [call for _, call in group]


def _add(
    spans: HostSpans, call: LibraryCall, start_ns: int, attributes: Mapping[str, Attribute]
) -> None:
    spans.add(
        Level.LIBRARY,
        call.name,
        start_ns,
        call.duration_ns,
        type=call.name,
        attributes=attributes,
    )
