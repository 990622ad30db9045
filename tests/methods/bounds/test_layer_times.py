from __future__ import annotations

from pathlib import Path

from measured_models import forked

from dlscope.core.trace import Level, Span, Trace
from dlscope.methods.bounds.layer_times import by_operator, layer_times, profiled
from dlscope.methods.bounds.setups import Setup

DISABLED = Setup("onnxruntime", {"graph_optimization": "disabled"})


def iteration(number: int, *layers: tuple[str, int]) -> list[Span]:
    """Layers one after another."""
    spans, now = [], 1000 * number
    for place, (operator, took) in enumerate(layers):
        ends = now, now + took
        spans.append(
            Span(
                *(100 * number + place + 1, 0, Level.LAYER, "x", *ends),
                iteration=number,
                type=operator,
            )
        )
        now += took
    return spans


def test_each_layer_takes_what_a_fifth_of_its_iterations_lie_below() -> None:
    times = [(10, 20, 1), (30, 40, 2), (90, 90, 9), (11, 21, 8), (12, 22, 3)]
    spans = [
        span
        for number, (first, second, third) in enumerate(times)
        for span in iteration(number, ("Conv", first), ("Conv", second), ("Relu", third))
    ]
    assert by_operator(Trace(spans)) == {"Conv": 11 + 21, "Relu": 2}


def test_work_that_comes_between_is_met_by_few_layers_at_once() -> None:
    """Each iteration is interrupted, but each layer in one of them alone."""
    spans = [
        span
        for number in range(5)
        for span in iteration(number, *(("Conv", 500 if at == number else 10) for at in range(5)))
    ]
    assert by_operator(Trace(spans)) == {"Conv": 50}


def test_only_what_counts_is_counted() -> None:
    spans = [*iteration(0, ("Conv", 10)), *iteration(1, ("Conv", 70))]
    assert by_operator(Trace(spans), {1}) == {"Conv": 70}


def test_onnx_runtime_tells_every_layer_of_the_graph(tmp_path: Path) -> None:
    order = {"graph": str(forked(tmp_path).path), "setup": DISABLED.to_json(), "threads": 1}
    found = profiled(order)
    assert set(found) == {"Conv", "Relu", "LRN", "MaxPool", "Concat", "Flatten"}
    assert all(each >= 0 for each in found.values())


def test_it_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    assert "LRN" in layer_times(forked(tmp_path).path, DISABLED)


def test_a_backend_that_tells_nothing_has_no_times(tmp_path: Path) -> None:
    assert layer_times(forked(tmp_path).path, Setup("unheard_of")) == {}
