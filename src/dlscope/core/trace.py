"""`Trace`: spans on one clock, from the application down to hardware counters."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Self

from dlscope.core.errors import PlanError, did_you_mean

SpanKind = Literal["sync", "launch", "execution", "instant", "sample"]


class Level(enum.IntEnum):
    """How deep a span lies in the stack; codes are spaced so that levels can be added."""

    NONE = 0
    APPLICATION = 10
    PIPELINE = 20
    MODEL = 30
    COMPILER = 35
    LAYER = 40
    LIBRARY = 50
    KERNEL = 60
    COUNTER = 70

    @classmethod
    def named(cls, name: str) -> Self:
        """The level called `name`, the papers' names included; unknown names are refused."""
        upper = name.upper()
        code = _ALIASES.get(upper, upper)
        if code not in cls.__members__:
            raise PlanError(
                f"{name!r} is not a trace level",
                where="trace_level",
                fix=did_you_mean(upper, [*cls.__members__, *_ALIASES]),
            )
        return cls[code]


_ALIASES = {
    "NO_TRACE": "NONE",
    "FRAMEWORK": "LAYER",
    "ML_LIBRARY": "LIBRARY",
    "SYSTEM": "KERNEL",
    "SYSTEM_LIBRARY": "KERNEL",
    "GPU_KERNEL": "KERNEL",
    "HARDWARE": "COUNTER",
    "FULL": "COUNTER",
}


@dataclass(frozen=True, slots=True)
class Span:
    """One interval: `[start_ns, end_ns)` on the monotonic clock; parent 0 is a root.

    A `launch` and its later `execution` share a `correlation_id` (0 is none).
    """

    id: int
    parent_id: int
    level: Level
    name: str
    start_ns: int
    end_ns: int
    kind: SpanKind = "sync"
    correlation_id: int = 0
    attributes: Mapping[str, str | int | float | bool] = field(default_factory=dict)

    @property
    def duration_ns(self) -> int:
        """Length of the interval, in ns."""
        return self.end_ns - self.start_ns


@dataclass(frozen=True)
class Trace:
    """Spans in order of start, all on one clock."""

    spans: tuple[Span, ...] = ()

    def __len__(self) -> int:
        return len(self.spans)

    def __iter__(self) -> Iterator[Span]:
        return iter(self.spans)

    def named(self, name: str) -> tuple[Span, ...]:
        """The spans called `name`, in order of start."""
        return tuple(span for span in self.spans if span.name == name)
