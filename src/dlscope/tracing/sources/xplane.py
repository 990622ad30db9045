"""XPlane, the profile of XLA: when each operation of a compiled program ran on the host.

Times are ns since the profile began. They come to the trace clock by annotations, each made between
two readings of that clock. An operation may hand its work to other threads and return; the event
`end: <operation>`, whose consumer id is the operation's producer id, then tells its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, final

from dlscope.core.errors import BackendError
from dlscope.core.trace import Attribute, Level, Trace
from dlscope.tracing.sources.host_spans import Caller, HostSpans

TRACER = "xplane"

_END = "end: "
_HOST = "/host:"
_SUFFIX = re.compile(r"(\.(\d+|clone|remat))+$")
_KEPT = ("hlo_module", "program_id")
_Pair = tuple[Attribute | None, Attribute | None]


class XEvent(NamedTuple):
    """One event of a line (a thread) of a plane (a device), its start in ns of the profile."""

    plane: str
    line: str
    name: str
    start_ns: int
    duration_ns: int
    stats: Mapping[str, Attribute]

    @property
    def end_ns(self) -> int:
        """When it ended, in ns of the profile."""
        return self.start_ns + self.duration_ns


class Marked(NamedTuple):
    """An annotation called `name`, made between two readings of the trace clock, in ns."""

    name: str
    before_ns: int
    after_ns: int


def shift_of(events: Iterable[XEvent], marks: Sequence[Marked]) -> int:
    """What to add to times of the profile for those of the trace clock, in ns.

    before − start ≤ shift ≤ after − end holds for each annotation: it is the middle of what all
    of them leave. Raises `BackendError` where the profile lacks one.
    """
    found = {event.name: event for event in reversed(list(events))}
    missing = next((mark.name for mark in marks if mark.name not in found), None)
    if missing is not None:
        raise BackendError(
            f"the profile has no annotation {missing!r}",
            where=TRACER,
            fix="profile again, with no other profiler of XLA running",
        )
    least = max(mark.before_ns - found[mark.name].start_ns for mark in marks)
    most = min(mark.after_ns - found[mark.name].end_ns for mark in marks)
    return (least + most) // 2


def read_xplane(events: Iterable[XEvent], shift_ns: int, process: int) -> Trace:
    """COMPILER spans of the operations that ran on threads of `process`, in order of start.

    Lines do not tell the number of their thread: each has a negative number of its own, so that
    only the process can tell what holds its spans. An operation that ended on its own after it
    had returned may overlap what its line did next, so that it has yet another number.
    """
    operations, ends = _parted(events)
    spans, threads = HostSpans(TRACER), _Threads()
    for event in sorted(operations, key=lambda each: (each.start_ns, -each.duration_ns)):
        end_ns = max(event.end_ns, ends.get(_pair(event, "_pt", "_p"), 0))
        is_late = end_ns > event.end_ns
        thread = threads.free(event.start_ns, end_ns) if is_late else threads.of_line(event.line)
        name = str(event.stats["hlo_op"])
        spans.add(
            Level.COMPILER,
            name,
            event.start_ns + shift_ns,
            end_ns - event.start_ns,
            type=kind_of(name),
            attributes={key: event.stats[key] for key in _KEPT if key in event.stats},
            caller=Caller(process, thread),
        )
    return spans.trace()


def kind_of(name: str) -> str:
    """What an operation is, by the name that XLA gave it: `add_tanh_fusion.2` is a fusion.

    One that was wrapped so as to run like a fusion is what it was before.
    """
    plain = _SUFFIX.sub("", name).removeprefix("wrapped_")
    return "fusion" if plain.endswith("fusion") else plain


@final
class _Threads:
    """Numbers for threads that nobody told, below those of the system, in order of appearance."""

    def __init__(self) -> None:
        self._lines: dict[str, int] = {}
        self._free: dict[int, int] = {}
        self._last = 0

    def of_line(self, line: str) -> int:
        """That of a line."""
        if line not in self._lines:
            self._lines[line] = self._new()
        return self._lines[line]

    def free(self, start_ns: int, end_ns: int) -> int:
        """That of a thread on which nothing overlaps the interval; starts must come in order."""
        idle = (thread for thread, until_ns in self._free.items() if until_ns <= start_ns)
        thread = next(idle, None) or self._new()
        self._free[thread] = end_ns
        return thread

    def _new(self) -> int:
        self._last -= 1
        return self._last


def _parted(events: Iterable[XEvent]) -> tuple[list[XEvent], dict[_Pair, int]]:
    """The operations, and when what they began had ended, by producer."""
    operations: list[XEvent] = []
    ends: dict[_Pair, int] = {}
    for event in events:
        if not event.plane.startswith(_HOST):
            continue
        if "hlo_op" in event.stats:
            operations.append(event)
        elif event.name.startswith(_END) and "_c" in event.stats:
            ends[_pair(event, "_ct", "_c")] = event.end_ns
    return operations, ends


def _pair(event: XEvent, kind: str, number: str) -> _Pair:
    """What joins a producer and its consumer: the kind and the number of their bond."""
    return event.stats.get(kind), event.stats.get(number)
