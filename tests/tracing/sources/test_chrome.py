from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dlscope.core.errors import DataError
from dlscope.core.trace import UNRESOLVED, Level, Span, Trace
from dlscope.tracing.epoch import Anchor, EpochClock
from dlscope.tracing.exporters.chrome import write_chrome
from dlscope.tracing.sources.chrome import read_chrome
from dlscope.tracing.tracer import Diagnostic


def _event(name: str, **changed: Any) -> dict[str, Any]:
    return {"ph": "X", "name": name, "pid": 9, "tid": 10, "ts": 1000, "dur": 5, **changed}


def _own(name: str, span_id: int, **args: Any) -> dict[str, Any]:
    told = {"span_id": span_id, "parent_id": 0, "level": 40, "run": 0, "start_ns": 7_000_000}
    return _event(name, args={**told, **args})


def _file(*events: dict[str, Any]) -> bytes:
    return json.dumps(events).encode()


def test_events_of_other_programs_are_of_the_level_asked_for() -> None:
    args = {"size": 3, "rate": 0.5, "list": [1], "none": None}
    found = read_chrome(_file(_event("load", cat="io", args=args)), level=Level.PIPELINE)
    assert found.trace.spans == (
        Span(
            *(1, UNRESOLVED, Level.PIPELINE, "load", 1_000_000, 1_005_000),
            attributes={"size": 3, "rate": 0.5, "list": "[1]"},
            type="io",
            process=9,
            thread=10,
        ),
    )
    assert found.diagnostics == ()


def test_phases_other_than_intervals_are_no_spans() -> None:
    others = [_event("x", ph=phase) for phase in ("M", "C", "s", "f", "b", "e", "N")]
    marks = [_event("mark", ph=phase, dur=0) for phase in ("i", "I", "R")]
    found = read_chrome(_file(*others, *marks)).trace
    assert [(span.name, span.kind) for span in found] == [("mark", "instant")] * 3


def test_threads_that_have_names_are_kept_apart() -> None:
    found = read_chrome(
        _file(
            _event("a", pid="one", tid="main"),
            _event("b", pid="one", tid="main"),
            _event("c", pid="two", tid="main"),
            _event("d", pid="2", tid="3"),
        )
    ).trace
    a, b, c, d = found
    assert (a.process, a.thread) == (b.process, b.thread)
    assert a.process != c.process
    assert a.thread == c.thread
    assert (d.process, d.thread) == (2, 3)


def test_own_events_are_read_without_their_header() -> None:
    clock = EpochClock(Anchor(0, 400_000, 0))
    found = read_chrome(_file(_own("own", 5, kind="launch"), _event("other")), clock).trace
    other, own = found
    assert (own.id, own.start_ns, own.end_ns) == (5, 7_000_000, 7_005_000)
    assert (own.level, own.kind, own.process, own.thread) == (Level.LAYER, "launch", 9, 10)
    assert (other.id, other.start_ns) == (6, 600_000)


def test_an_id_that_is_there_twice_keeps_its_longer_span() -> None:
    found = read_chrome(_file(_own("short", 5), _own("long", 5, duration_ns=9_000), _own("x", 6)))
    assert [span.name for span in found.trace] == ["long", "x"]
    assert found.diagnostics[0] == Diagnostic(
        "dropped", "events that were left out: a span id again", 1
    )


def test_an_unknown_level_is_left_out() -> None:
    found = read_chrome(_file(_own("a", 1, level=41), _own("b", 2)))
    assert [span.name for span in found.trace] == ["b"]
    assert found.diagnostics[0].what == "events that were left out: an unknown level"


@pytest.mark.parametrize(
    "args",
    [
        {"kind": "nonsense", "parent_kind": 3, "correlation_id": "x", "tracer": 7},
        {"correlation_id": 1 << 70, "device": 1 << 40, "attributes": [1]},
        {"attributes": "no json", "duration_ns": None},
        {"attributes": "[1]"},
    ],
)
def test_args_that_cannot_be_are_blank(args: dict[str, Any]) -> None:
    (span,) = read_chrome(_file(_own("a", 1, **args))).trace
    assert span == Span(1, 0, Level.LAYER, "a", 7_000_000, 7_005_000, process=9, thread=10)


def test_a_file_of_dlscope_cut_anywhere_has_its_whole_spans(tmp_path: Path) -> None:
    spans = [Span(n, 0, Level.LAYER, f'"{n}', n, n + 5, process=3, thread=4) for n in range(1, 30)]
    path = tmp_path / "trace.json"
    write_chrome(path, Trace(spans))
    data = path.read_bytes()
    for cut in range(2, len(data) - 3, 37):
        found = read_chrome(data[:cut])
        assert found.trace.spans == tuple(spans[: len(found.trace)])
        assert len(found.trace) == len(re.findall(rb'"start_ns":\d+\}\}', data[:cut]))
        assert found.diagnostics[0].kind == "cut"


def test_strict_reading_refuses_a_cut_file() -> None:
    with pytest.raises(DataError, match="is cut at byte"):
        read_chrome(_file(_event("a"))[:-1], strict=True)


def test_a_span_that_would_end_after_the_last_nanosecond_ends_there() -> None:
    last_ns = 2**63 - 1
    (span,) = read_chrome(_file(_own("late", 1, start_ns=last_ns, duration_ns=last_ns))).trace
    assert (span.start_ns, span.end_ns) == (last_ns, last_ns)


def test_a_duration_without_end_is_none() -> None:
    data = _file(_own("long", 1)).replace(b'"dur": 5', b'"dur": 1e999999')
    (span,) = read_chrome(data).trace
    assert span.start_ns == span.end_ns == 7_000_000
