from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from any_spans import LONGS, spans
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlscope.core.errors import DataError
from dlscope.core.trace import UNRESOLVED, Level, Span, Trace
from dlscope.tracing.epoch import Anchor, EpochClock
from dlscope.tracing.exporters.otlp import write_otlp
from dlscope.tracing.sources.otlp import read_otlp

_AT = Anchor(0, 1_790_857_026_000_000_000, 0)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(spans(LONGS), min_size=1, max_size=5))
def test_every_column_comes_back(tmp_path: Path, written: list[Span]) -> None:
    trace = Trace(written)
    trace = trace.with_columns(id=np.arange(1, len(trace) + 1) * 3 - 5)
    write_otlp(tmp_path / "trace.json.gz", trace, _AT)
    found = read_otlp(tmp_path / "trace.json.gz", EpochClock(_AT))
    assert found.trace.spans == trace.sorted().spans
    assert found.diagnostics == ()


def test_a_request_is_what_collectors_expect(tmp_path: Path) -> None:
    attributes = {"n": 4, "share": 0.5, "peak": math.inf, "fused": True, "shape": "[1, 3]"}
    spans = [
        Span(1, 0, Level.MODEL, "predict", 1_000, 9_000, process=7, tracer="dlscope"),
        Span(-2, 1, Level.LAYER, "conv", 2_000, 3_000, attributes=attributes, process=7),
    ]
    path = tmp_path / "trace.json"
    write_otlp(path, Trace(spans), _AT, trace_id="ab" * 16)
    ((first,), (second,)) = (line["resourceSpans"] for line in _lines(path))
    assert first["resource"]["attributes"] == [
        {"key": "service.name", "value": {"stringValue": "dlscope"}},
        {"key": "process.pid", "value": {"intValue": "7"}},
    ]
    assert {first["scopeSpans"][0]["scope"]["name"], second["scopeSpans"][0]["scope"]["name"]} == {
        "dlscope",
        "",
    }
    by_name = {
        span["name"]: span for each in (first, second) for span in each["scopeSpans"][0]["spans"]
    }
    assert by_name["predict"] == {
        "traceId": "ab" * 16,
        "spanId": "0000000000000001",
        "name": "predict",
        "kind": 1,
        "startTimeUnixNano": "1790857026000001000",
        "endTimeUnixNano": "1790857026000009000",
        "attributes": [{"key": "dlscope.level", "value": {"intValue": "30"}}],
    }
    assert by_name["conv"]["spanId"] == "fffffffffffffffe"
    assert by_name["conv"]["parentSpanId"] == "0000000000000001"
    assert by_name["conv"]["attributes"][:5] == [
        {"key": "n", "value": {"intValue": "4"}},
        {"key": "share", "value": {"doubleValue": 0.5}},
        {"key": "peak", "value": {"doubleValue": "Infinity"}},
        {"key": "fused", "value": {"boolValue": True}},
        {"key": "shape", "value": {"stringValue": "[1, 3]"}},
    ]


def test_what_ran_on_a_device_links_to_its_launch(tmp_path: Path) -> None:
    spans = [
        Span(1, UNRESOLVED, Level.LIBRARY, "launch", 0, 10, "launch", 7),
        Span(2, UNRESOLVED, Level.KERNEL, "sgemm", 20, 40, "execution", 7, device=0),
        Span(3, UNRESOLVED, Level.KERNEL, "copy", 20, 40, "execution", 8, device=0),
    ]
    write_otlp(tmp_path / "trace.json", Trace(spans), _AT)
    (line,) = _lines(tmp_path / "trace.json")
    found = line["resourceSpans"][0]["scopeSpans"][0]["spans"]
    trace_id = found[0]["traceId"]
    assert [span.get("links") for span in found] == [
        None,
        [{"traceId": trace_id, "spanId": "0000000000000001"}],
        None,
    ]
    assert len(trace_id) == 32
    assert all("parentSpanId" not in span for span in found)


def test_many_spans_are_several_requests(tmp_path: Path) -> None:
    trace = Trace([Span(1, 0, Level.LAYER, "x", 0, 1)] * 12_001)
    trace = trace.with_columns(id=np.arange(1, len(trace) + 1))
    path = tmp_path / "trace.json"
    write_otlp(path, trace, _AT)
    assert len(_lines(path)) == 3
    cut = path.read_bytes()[:-2]
    found = read_otlp(cut)
    assert len(found.trace) == 10_000
    assert [each.kind for each in found.diagnostics] == ["cut"]


def test_spans_of_other_programs_have_the_level_asked_for() -> None:
    span = {
        "spanId": "00f067aa0ba902b7",
        "parentSpanId": "",
        "name": "GET /",
        "startTimeUnixNano": "1544712660000000000",
        "endTimeUnixNano": 1544712661000000000,
        "attributes": [
            {"key": "http.method", "value": {"stringValue": "GET"}},
            {"key": "list", "value": {"arrayValue": {}}},
            {"key": "share", "value": {"doubleValue": []}},
        ],
    }
    broken = {"spanId": "zz", "name": "x", "startTimeUnixNano": "1", "endTimeUnixNano": "1"}
    request = {"resourceSpans": [{"scopeSpans": [{"spans": [span, broken, 7]}]}, None]}
    (found,) = read_otlp(json.dumps(request).encode(), level=Level.PIPELINE).trace
    assert (found.name, found.level, found.parent_id) == ("GET /", Level.PIPELINE, 0)
    assert found.id == 0xF067AA0BA902B7
    assert found.duration_ns == 10**9
    assert found.attributes["http.method"] == "GET"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "holds no spans"),
        (b"{}", "holds no spans"),
        (b"[]", "is not JSON"),
        (b"{a}", "is not JSON"),
    ],
)
def test_refuses_what_is_no_otlp(data: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        read_otlp(path)
    assert caught.value.what == f"trace.json {why}"
    assert caught.value.fix == (
        "give a file of OTLP in JSON, with resourceSpans, one request a line, plain or gzip"
    )
