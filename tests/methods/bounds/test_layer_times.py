from __future__ import annotations

from pathlib import Path

from measured_models import forked

from dlscope.core.trace import Level, Span, Trace
from dlscope.methods.bounds.layer_times import by_operator, layer_times, profiled
from dlscope.methods.bounds.setups import Setup

DISABLED = Setup("onnxruntime", {"graph_optimization": "disabled"})


def span(number: int, operator: str, duration: int, iteration: int) -> Span:
    return Span(number, 0, Level.LAYER, "x", 0, duration, iteration=iteration, type=operator)


def test_an_operator_takes_the_median_over_iterations_of_all_its_layers() -> None:
    spans = [
        *(span(1, "Conv", 10, 0), span(2, "Conv", 20, 0), span(3, "Relu", 1, 0)),
        *(span(4, "Conv", 30, 1), span(5, "Conv", 40, 1), span(6, "Relu", 2, 1)),
        *(span(7, "Conv", 90, 2), span(8, "Conv", 90, 2), span(9, "Relu", 9, 2)),
    ]
    assert by_operator(Trace(spans)) == {"Conv": 70.0, "Relu": 2.0}


def test_onnx_runtime_tells_every_layer_of_the_graph(tmp_path: Path) -> None:
    order = {"graph": str(forked(tmp_path).path), "setup": DISABLED.to_json(), "threads": 1}
    found = profiled(order)
    assert set(found) == {"Conv", "Relu", "LRN", "MaxPool", "Concat", "Flatten"}
    assert all(each >= 0 for each in found.values())


def test_it_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    assert "LRN" in layer_times(forked(tmp_path).path, DISABLED)


def test_a_backend_that_tells_nothing_has_no_times(tmp_path: Path) -> None:
    assert layer_times(forked(tmp_path).path, Setup("unheard_of")) == {}
