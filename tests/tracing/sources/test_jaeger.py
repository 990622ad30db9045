from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dlscope.core.errors import DataError, PlanError
from dlscope.core.trace import UNRESOLVED, Level, Span
from dlscope.tracing.epoch import Anchor, EpochClock
from dlscope.tracing.sources.jaeger import read_jaeger

_START_US = 1_590_000_000_000_000


def _span(number: str, parent: str = "", **changed: Any) -> dict[str, Any]:
    references = [{"refType": "CHILD_OF", "traceID": "1", "spanID": parent}] if parent else []
    return {
        "traceID": "1",
        "spanID": number,
        "operationName": f"span {number}",
        "references": references,
        "startTime": _START_US,
        "duration": 20,
        "tags": [],
        "processID": "p1",
        **changed,
    }


def _level(told: Any) -> list[dict[str, Any]]:
    return [{"key": "trace_level", "type": "string", "value": told}]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trace.json"


def _write(path: Path, *spans: Any) -> Path:
    processes = {"p1": {"serviceName": "tensorflow", "tags": [{"key": "pid", "value": 17}]}}
    path.write_text(json.dumps({"data": [{"spans": spans, "processes": processes}]}))
    return path


def test_spans_keep_their_parents_and_tags(path: Path) -> None:
    tags = [*_level("FRAMEWORK_TRACE"), {"key": "shape", "value": [1, 3]}, {"key": "n", "value": 4}]
    _write(path, _span("a1"), _span("ffffffffffffffff", "a1", tags=tags))
    found = read_jaeger(path, EpochClock(Anchor(0, _START_US * 1000 - 5, 0)))
    assert found.diagnostics == ()
    child, root = found.trace if found.trace["id"][0] < 0 else found.trace.spans[::-1]
    assert root == Span(
        *(0xA1, 0, Level.APPLICATION, "span a1", 5, 20_005), tracer="tensorflow", process=17
    )
    assert (child.id, child.parent_id, child.level) == (-1, 0xA1, Level.LAYER)
    assert child.attributes == {"shape": "[1, 3]", "n": 4}


@pytest.mark.parametrize(
    ("told", "level"),
    [
        ("NO_TRACE", Level.NONE),
        ("APPLICATION_TRACE", Level.APPLICATION),
        ("MODEL_TRACE", Level.MODEL),
        ("framework_trace", Level.LAYER),
        ("ML_LIBRARY_TRACE", Level.LIBRARY),
        ("SYSTEM_LIBRARY_TRACE", Level.KERNEL),
        ("HARDWARE_TRACE", Level.COUNTER),
        ("FULL_TRACE", Level.COUNTER),
        (1, Level.APPLICATION),
        ("2", Level.MODEL),
        (5, Level.KERNEL),
        (7, Level.COUNTER),
    ],
)
def test_levels_of_the_papers_are_known(told: str | int, level: Level, path: Path) -> None:
    _write(path, _span("1", tags=_level(told)))
    assert [span.level for span in read_jaeger(path).trace] == [level]


@pytest.mark.parametrize("told", ["KERNAL_TRACE", 8, "99", -1, 1.5])
def test_an_unknown_level_is_refused(told: Any, path: Path) -> None:
    _write(path, _span("1", tags=_level(told)))
    with pytest.raises(PlanError, match="is not a trace level"):
        read_jaeger(path)


def test_a_parent_without_an_id_is_unresolved(path: Path) -> None:
    _write(path, _span("1", "nothing"), _span("2", references=[{"refType": "FOLLOWS_FROM"}]))
    assert {span.id: span.parent_id for span in read_jaeger(path).trace} == {1: UNRESOLVED, 2: 0}


def test_spans_without_id_or_time_are_left_out_and_counted(path: Path) -> None:
    broken = [_span("zz"), _span("2", startTime="soon"), _span("3", duration=-1), _span("1")]
    _write(path, _span("1", duration=30), *broken)
    found = read_jaeger(path)
    assert [span.duration_ns for span in found.trace] == [30_000]
    assert [(each.kind, each.count) for each in found.diagnostics] == [("dropped", 4)]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("", "is not Jaeger's JSON"),
        ("[]", "is not Jaeger's JSON"),
        ('{"traceEvents": []}', "is not Jaeger's JSON"),
        ('{"data": [{"spans', "is not Jaeger's JSON"),
        ('{"data": []}', "holds no spans"),
    ],
)
def test_refuses_what_is_no_trace(data: str, why: str, path: Path) -> None:
    path.write_text(data)
    with pytest.raises(DataError) as caught:
        read_jaeger(path)
    assert caught.value.what == f"trace.json {why}"
    assert caught.value.fix == 'give what Jaeger exports, {"data": [traces…]}, plain or gzip'
