"""`Trace`: spans on one clock, from the application down to hardware counters.

A trace is a table of columns, so that millions of spans fit and are joined by array arithmetic;
`Span` is one row of it, for who writes or reads single spans.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Self, final, get_args

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import PlanError, did_you_mean

SpanKind = Literal["sync", "launch", "execution", "instant", "sample"]
ParentKind = Literal["given", "contained", "correlated", "ambiguous", "orphan"]
Attribute = str | int | float | bool

SPAN_KINDS: tuple[SpanKind, ...] = get_args(SpanKind)
PARENT_KINDS: tuple[ParentKind, ...] = get_args(ParentKind)
UNRESOLVED = -1
"""The parent of a span whose parent is not known (yet)."""
COLUMNS: Mapping[str, str] = {
    "run": "int32",
    "iteration": "int32",
    "id": "int64",
    "parent_id": "int64",
    "parent_kind": "int8",
    "level": "int16",
    "kind": "int8",
    "tracer": "int32",
    "correlation_id": "int64",
    "link_id": "int64",
    "name": "int32",
    "type": "int32",
    "index": "int32",
    "process": "int32",
    "thread": "int64",
    "device": "int32",
    "stream": "int32",
    "start_ns": "int64",
    "end_ns": "int64",
    "cpu_ns": "int64",
    "attributes": "int32",
}
"""Every column and its dtype; those in `TEXTS` are places in the trace's `texts`."""
TEXTS = ("tracer", "name", "type", "attributes")


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

    A `launch` and its later `execution` share a `correlation_id` (0 is none); `link_id` is what
    else a profiler joins by. `run` is the run of a leveled experiment, `iteration` is negative
    in its warm-up. `index` is the place among the siblings of its level, `device` −1 the host,
    `cpu_ns` the CPU time of its thread or −1.
    """

    id: int
    parent_id: int
    level: Level
    name: str
    start_ns: int
    end_ns: int
    kind: SpanKind = "sync"
    correlation_id: int = 0
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    type: str = ""
    tracer: str = ""
    run: int = 0
    iteration: int = 0
    index: int = -1
    process: int = 0
    thread: int = 0
    device: int = -1
    stream: int = -1
    cpu_ns: int = -1
    link_id: int = 0
    parent_kind: ParentKind = "given"

    @property
    def duration_ns(self) -> int:
        """Length of the interval, in ns."""
        return self.end_ns - self.start_ns


@final
class Trace:
    """Spans on one clock, in the order in which they were given, as columns (see `COLUMNS`)."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        codes: dict[str, int] = {}
        rows = [_row(span, codes) for span in spans]
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(COLUMNS)
        self._columns = {
            name: np.array(values, dtype=dtype)
            for (name, dtype), values in zip(COLUMNS.items(), columns, strict=True)
        }
        self.texts = tuple(codes)

    @classmethod
    def of_columns(cls, columns: Mapping[str, Any], texts: Iterable[str]) -> Self:
        """A trace of arrays of one length; a column left out has the default of `Span`.

        Text columns hold places in `texts`, which need not be distinct.
        """
        trace = cls.__new__(cls)
        size, known = len(columns["id"]), list(texts)
        for text in ("", "{}"):
            if text not in known:
                known.append(text)
        blank = {**_BLANK, **dict.fromkeys(TEXTS, known.index("")), "attributes": known.index("{}")}
        trace.texts = tuple(known)
        trace._columns = {
            name: np.asarray(columns[name], dtype=dtype)
            if name in columns
            else np.full(size, blank[name], dtype=dtype)
            for name, dtype in COLUMNS.items()
        }
        return trace

    def __len__(self) -> int:
        return int(self._columns["id"].size)

    def __getitem__(self, column: str) -> NDArray[Any]:
        """One column; places in `texts` for those in `TEXTS`. Not to be written to."""
        return self._columns[column]

    def __iter__(self) -> Iterator[Span]:
        lists = [self._columns[name].tolist() for name in COLUMNS]
        return (
            self._span(dict(zip(COLUMNS, row, strict=True))) for row in zip(*lists, strict=True)
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trace) and self.spans == other.spans

    def __hash__(self) -> int:
        return hash(len(self))

    def __repr__(self) -> str:
        return f"<Trace of {len(self)} spans>"

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """All spans as objects."""
        return tuple(self)

    def named(self, name: str) -> tuple[Span, ...]:
        """The spans called `name`, in order."""
        places = [place for place, text in enumerate(self.texts) if text == name]
        return tuple(self.take(np.isin(self._columns["name"], places)))

    def text(self, column: str) -> NDArray[np.object_]:
        """A text column as strings."""
        found: NDArray[np.object_] = np.array(self.texts, dtype=object)[self._columns[column]]
        return found

    def attributes_at(self, row: int) -> dict[str, Attribute]:
        """The attributes of one span."""
        found: dict[str, Attribute] = json.loads(self.texts[self._columns["attributes"][row]])
        return found

    def take(self, rows: NDArray[Any]) -> Self:
        """The spans at `rows`, which are places or a mask."""
        columns = {name: values[rows] for name, values in self._columns.items()}
        return self.of_columns(columns, self.texts)

    def with_columns(self, **columns: NDArray[Any]) -> Self:
        """The same spans with some columns replaced."""
        return self.of_columns({**self._columns, **columns}, self.texts)

    def sorted(self) -> Self:
        """By run, start, longest first, level, id: a parent comes before its children."""
        keys = ("id", "level", "end_ns", "start_ns", "run")
        order = np.lexsort([-self._columns[k] if k == "end_ns" else self._columns[k] for k in keys])
        return self.take(order)

    @classmethod
    def merged(cls, traces: Iterable[Trace]) -> Self:
        """All spans of `traces`, one after the other; ids are left as they are."""
        parts = list(traces)
        texts: dict[str, int] = {}
        columns: dict[str, list[NDArray[Any]]] = {name: [] for name in COLUMNS}
        for part in parts:
            places = np.array([texts.setdefault(each, len(texts)) for each in part.texts] or [0])
            for name, values in part._columns.items():
                columns[name].append(places[values] if name in TEXTS and values.size else values)
        if not parts:
            return cls()
        return cls.of_columns({k: np.concatenate(v) for k, v in columns.items()}, texts)

    def _span(self, row: dict[str, Any]) -> Span:
        row |= {name: self.texts[row[name]] for name in TEXTS}
        row["attributes"] = json.loads(row["attributes"])
        row["level"] = Level(row["level"])
        row["kind"] = SPAN_KINDS[row["kind"]]
        row["parent_kind"] = PARENT_KINDS[row["parent_kind"]]
        return Span(**row)


def _row(span: Span, codes: dict[str, int]) -> tuple[int, ...]:
    values: dict[str, Any] = {name: getattr(span, name) for name in COLUMNS}
    values["attributes"] = attributes_text(span.attributes)
    for name in TEXTS:
        values[name] = codes.setdefault(values[name], len(codes))
    values["kind"] = SPAN_KINDS.index(span.kind)
    values["parent_kind"] = PARENT_KINDS.index(span.parent_kind)
    return tuple(values.values())


def attributes_text(attributes: Mapping[str, Attribute]) -> str:
    """Attributes as the JSON text that a trace keeps. Raises TypeError for what JSON lacks."""
    return json.dumps(dict(attributes), ensure_ascii=False) if attributes else "{}"


_BLANK = {
    "run": 0,
    "iteration": 0,
    "parent_id": 0,
    "parent_kind": PARENT_KINDS.index("given"),
    "kind": SPAN_KINDS.index("sync"),
    "correlation_id": 0,
    "link_id": 0,
    "index": -1,
    "process": 0,
    "thread": 0,
    "device": -1,
    "stream": -1,
    "cpu_ns": -1,
}
