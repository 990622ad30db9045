from __future__ import annotations

import json
from typing import Any

import pytest

from dlscope.core.errors import DataError
from dlscope.core.trace import Level
from dlscope.tracing.epoch import Anchor, EpochClock
from dlscope.tracing.sources.onnxruntime import read_onnxruntime

EPOCH_NS = 1_795_942_987_071_231_430
CLOCK = EpochClock(Anchor(monotonic_ns=0, offset_ns=EPOCH_NS - 500, error_ns=0))


def _event(category: str, name: str, ts: Any, dur: Any, **args: Any) -> dict[str, Any]:
    return {
        "cat": category,
        "pid": 11,
        "tid": 12,
        "dur": dur,
        "ts": ts,
        "ph": "X",
        "name": name,
        "args": args,
    }


CONV = _event(
    *("Node", "t1_nchwc_kernel_time", 11_284, 123),
    op_name="Conv",
    provider="CPUExecutionProvider",
    output_size="2304",
    parameter_size="1792",
    activation_size="1728",
    mem_in_use_delta="-5",
    mem_bytes_in_use="2368",
    node_index="5",
    input_type_shape=[{"float": [1, 3, 12, 12]}, {"int64": []}],
    output_type_shape=[{"float": [1, 16, 6, 6]}],
    thread_scheduling_stats="",
)
EVENTS = [
    _event("Session", "session_initialization", 5, 5_000),
    CONV,
    _event("Session", "SequentialExecutor::Execute", 11_281, 174),
    _event("Session", "model_run", 11_265, 197),
]


def _read(events: Any, **options: Any) -> Any:
    data = events if isinstance(events, bytes) else json.dumps(events).encode()
    return read_onnxruntime(data, CLOCK, **{"profile_start_ns": EPOCH_NS, **options})


def test_nodes_are_layers_and_runs_are_models() -> None:
    found = _read(EVENTS)
    layer, model = found.trace
    assert found.diagnostics == ()
    assert (layer.level, layer.name, layer.type) == (Level.LAYER, "t1_nchwc", "Conv")
    assert (layer.start_ns, layer.end_ns) == (11_284_500, 11_407_500)
    assert (layer.process, layer.thread, layer.tracer) == (11, 12, "onnxruntime")
    assert layer.attributes == {
        "provider": "CPUExecutionProvider",
        "output_bytes": 2304,
        "parameter_bytes": 1792,
        "activation_bytes": 1728,
        "mem_in_use_delta": -5,
        "allocator_in_use_bytes": 2368,
        "node_index": 5,
        "input_shape": "1x3x12x12, scalar",
        "input_dtype": "float32, int64",
        "output_shape": "1x16x6x6",
        "output_dtype": "float32",
    }
    assert (model.level, model.name) == (Level.MODEL, "model_run")
    assert (model.start_ns, model.end_ns) == (11_265_500, 11_462_500)


def test_the_kernel_of_a_node_is_its_operator_of_its_provider() -> None:
    (kernel,) = _read(EVENTS, levels=(Level.KERNEL,)).trace
    assert (kernel.name, kernel.type) == ("CPUExecutionProvider.Conv", "Conv")
    assert kernel.attributes == {"source": "op_name"}


def test_a_profile_on_the_trace_clock_is_not_converted() -> None:
    (layer,) = _read([CONV], profile_start_ns=1_000).trace
    assert layer.start_ns == 11_285_000


@pytest.mark.parametrize("cut", range(1, len(json.dumps([CONV])), 40))
def test_a_profile_cut_anywhere_gives_its_complete_events(cut: int) -> None:
    data = json.dumps([CONV, CONV]).encode()
    found = _read(data[: len(json.dumps([CONV])) - 1 + cut])
    assert len(found.trace) == 1
    assert [each.kind for each in found.diagnostics] == ["cut"]


def test_a_profile_without_events_is_refused() -> None:
    with pytest.raises(DataError, match="the profile of ONNX Runtime is empty"):
        _read(b"")


def test_events_without_times_are_left_out_and_counted() -> None:
    found = _read([CONV, {**CONV, "ts": None}])
    assert len(found.trace) == 1
    assert found.diagnostics[0].count == 1


def test_a_profile_of_as_many_events_as_a_session_keeps_is_capped() -> None:
    found = _read(EVENTS, event_cap=4)
    (diagnostic,) = found.diagnostics
    assert diagnostic.kind == "capped"
    assert diagnostic.what == ("ONNX Runtime keeps 4 events of a session and drops every later one")
    assert _read(EVENTS, event_cap=5).diagnostics == ()


@pytest.mark.parametrize("time", ["1e999999", "-1e999999", "1e30"])
def test_a_time_beyond_all_times_is_left_out_at_once(time: str) -> None:
    data = json.dumps([CONV]).replace('"ts": 11284', f'"ts": {time}').encode()
    found = _read(data)
    assert len(found.trace) == 0
    assert found.diagnostics[0].what == "events that were left out: ts is out of range"


@pytest.mark.parametrize("shapes", [None, 5, "x", [5], [{"float": 0.5}], {"float": [1]}])
def test_shapes_that_are_none_are_not_told(shapes: Any) -> None:
    (layer,) = _read([{**CONV, "args": {**CONV["args"], "input_type_shape": shapes}}]).trace
    assert "input_shape" not in layer.attributes
    assert layer.attributes["output_shape"] == "1x16x6x6"
