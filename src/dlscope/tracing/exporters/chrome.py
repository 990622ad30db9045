"""Writes a trace as Chrome's trace events, which Perfetto and chrome://tracing show.

Every column of the trace is in the file: what differs from the header's `defaults`, the most
frequent value of each column, stands in the `args` of its event. `ts` counts from the header's
`base_ns`, since viewers keep it in a float.
"""

from __future__ import annotations

import gzip
import io
import itertools
import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from dlscope.core.trace import COLUMNS, SPAN_KINDS, TEXTS, Trace
from dlscope.core.whole_file import whole_file
from dlscope.tracing.columns import WORDS
from dlscope.tracing.exporters.lanes import Lanes, lanes

VERSION = 1
OPTIONAL = tuple(
    name
    for name in COLUMNS
    if name not in ("id", "parent_id", "level", "run", "name", "start_ns", "end_ns", "attributes")
)
"""The columns that stand in `args` only where they differ from the defaults."""
_INSTANT = SPAN_KINDS.index("instant")
_LAUNCH, _EXECUTION = SPAN_KINDS.index("launch"), SPAN_KINDS.index("execution")
_GZIP_LEVEL = 6
_AS_NAME = -1


def write_chrome(path: Path, trace: Trace) -> None:
    """Write `trace` to `path`, packed where its name ends in .gz. Raises OSError."""
    with whole_file(path) as part, ExitStack() as stack:
        binary: Any = stack.enter_context(part.open("wb"))
        if path.suffix == ".gz":
            # Without name and time: the same trace is the same file.
            binary = stack.enter_context(
                gzip.GzipFile("", "wb", compresslevel=_GZIP_LEVEL, fileobj=binary, mtime=0)
            )
        text = stack.enter_context(io.TextIOWrapper(binary, "ascii", newline="\n"))
        _write(text, trace)


def _write(text: TextIO, trace: Trace) -> None:
    base_ns = int(trace["start_ns"].min()) if len(trace) else 0
    trace = trace.with_columns(type=_types(trace))
    usual = {name: _usual(trace[name]) for name in OPTIONAL}
    header = {
        "version": VERSION,
        "base_ns": base_ns,
        "defaults": {name: _told(trace, name, value) for name, value in usual.items()},
    }
    text.write(f'{{"displayTimeUnit":"ns","dlscope":{json.dumps(header)},"traceEvents":[\n')
    found = lanes(trace)
    lines = itertools.chain(
        _metadata(found), _events(trace, found, usual, base_ns), _flows(trace, found, base_ns)
    )
    separator = ""
    for line in lines:
        text.write(separator)
        text.write(line)
        separator = ",\n"
    text.write("\n]}\n")


def _types(trace: Trace) -> NDArray[np.int64]:
    """The column of types, -1 for a span that is called like its type."""
    places: dict[str, int] = {}
    of_text = np.array([places.setdefault(text, len(places)) for text in trace.texts], dtype=int)
    is_name = of_text[trace["type"]] == of_text[trace["name"]]
    return np.where(is_name, _AS_NAME, trace["type"])


def _usual(values: NDArray[Any]) -> int:
    """The most frequent value, the smallest of several."""
    if not values.size:
        return 0
    distinct, counts = np.unique(values, return_counts=True)
    return int(distinct[np.argmax(counts)])


def _told(trace: Trace, column: str, value: int) -> int | str | None:
    """A value of an optional column as the file has it; null is the type of its own name."""
    if column == "type" and value == _AS_NAME:
        return None
    if column in WORDS:
        return WORDS[column][value]
    return trace.texts[value] if column in TEXTS else value


def _metadata(found: Lanes) -> Iterator[str]:
    """Names and order of processes, devices and their rows, those of higher levels first."""
    named: set[int] = set()
    for place, (track, tid) in enumerate(zip(found.tracks, found.tids, strict=True)):
        if track.pid not in named:
            named.add(track.pid)
            yield _meta("process_name", track.pid, 0, "name", track.owner)
            yield _meta("process_sort_index", track.pid, 0, "sort_index", max(track.device + 1, 0))
        yield _meta("thread_name", track.pid, tid, "name", track.title)
        order = found.levels[place] * len(found.tracks) + place
        yield _meta("thread_sort_index", track.pid, tid, "sort_index", order)


def _meta(name: str, pid: int, tid: int, key: str, value: Any) -> str:
    event = {"ph": "M", "name": name, "pid": pid, "tid": tid, "args": {key: value}}
    return json.dumps(event, separators=(",", ":"))


def _events(trace: Trace, found: Lanes, usual: dict[str, int], base_ns: int) -> Iterator[str]:
    texts = [json.dumps(each) for each in trace.texts]
    heads = [
        f'"pid":{track.pid},"tid":{tid},'
        for track, tid in zip(found.tracks, found.tids, strict=True)
    ]
    needed = ("id", "parent_id", "level", "run", "name", "start_ns", "end_ns", "attributes", "kind")
    columns = (trace[name].tolist() for name in needed)
    for row, more, place in zip(
        zip(*columns, strict=True), _differing(trace, usual), found.of_row, strict=True
    ):
        number, parent, level, run, name, start_ns, end_ns, attributes, kind = row
        duration_ns = end_ns - start_ns
        if kind == _INSTANT:
            phase = '"ph":"i","s":"t",'
        else:
            phase = f'"ph":"X","dur":{_us(max(duration_ns, 0))},'
        if kind == _INSTANT or duration_ns < 0:
            more = f'{more},"duration_ns":{duration_ns}'
        if trace.texts[attributes] != "{}":
            more = f'{more},"attributes":{_ascii(trace.texts[attributes])}'
        yield (
            f'{{{phase}{heads[place]}"ts":{_us(start_ns - base_ns)},"name":{texts[name]},'
            f'"args":{{"span_id":{number},"parent_id":{parent},"level":{level},"run":{run},'
            f'"start_ns":{start_ns}{more}}}}}'
        )


def _differing(trace: Trace, usual: dict[str, int]) -> Iterable[str]:
    """For each span the members of `args` that its unusual values need."""
    members = [""] * len(trace)
    for name, value in usual.items():
        values = trace[name]
        for row in np.flatnonzero(values != value).tolist():
            members[row] += f',"{name}":{json.dumps(_told(trace, name, int(values[row])))}'
    return members


def _flows(trace: Trace, found: Lanes, base_ns: int) -> Iterator[str]:
    """An arrow from each launch to what it made run; one of several launches is taken."""
    keys = [trace[name].tolist() for name in ("run", "tracer", "process", "correlation_id")]
    rows = list(zip(*keys, strict=True))
    has_id = trace["correlation_id"] != 0
    launches = np.flatnonzero((trace["kind"] == _LAUNCH) & has_id).tolist()
    launch_of = {rows[row]: row for row in launches}
    pairs = (
        (launch_of[rows[row]], row)
        for row in np.flatnonzero((trace["kind"] == _EXECUTION) & has_id).tolist()
        if rows[row] in launch_of
    )
    for number, pair in enumerate(pairs, 1):
        for row, phase in zip(pair, ('"ph":"s"', '"ph":"f","bp":"e"'), strict=True):
            place = found.of_row[row]
            yield (
                f'{{{phase},"id":{number},"pid":{found.tracks[place].pid},'
                f'"tid":{found.tids[place]},"ts":{_us(int(trace["start_ns"][row]) - base_ns)},'
                f'"name":"launch","cat":"launch"}}'
            )


def _us(time_ns: int) -> str:
    """Nanoseconds as µs with three decimals."""
    return f"{time_ns // 1000}.{time_ns % 1000:03d}"


def _ascii(attributes: str) -> str:
    """The text of attributes as JSON of ASCII; as a string where JSON lacks a number of it."""
    if "NaN" in attributes or "Infinity" in attributes:
        return json.dumps(attributes)
    return attributes if attributes.isascii() else json.dumps(json.loads(attributes))
