from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from measured_models import (
    BLOCKED,
    INTO_BLOCKS,
    MACHINE,
    OPENVINO,
    ORT,
    STARTED,
    bricks_of,
    forked,
    result,
    results_of,
)
from single_layers import layer, zeros

from dlscope.core.errors import BoundError, StoreError
from dlscope.core.run import Environment
from dlscope.methods.bounds.costed import Cost
from dlscope.methods.bounds.measured_costs import MeasuredCosts, Refusal, Selection, hot_results
from dlscope.store import Store
from dlscope.store.benchmarks import BenchmarkResult, Benchmarks

RELU = layer("Relu", [zeros(1, 8, 4, 4)])


def with_samples(samples_ns: list[int], **key: object) -> BenchmarkResult:
    given = result(RELU, ORT, 1, **key)
    return BenchmarkResult(given.key, "ok", "", samples_ns, None, STARTED, given.extra)


def test_a_result_is_a_cost_with_its_evidence_family_and_layouts() -> None:
    given = result(RELU, INTO_BLOCKS, 700)
    assert MeasuredCosts([given]).of(RELU) == (
        Cost(
            700,
            "ort_blocked",
            layout_in="plain",
            layout_out="blocked",
            family="mlas",
            evidence=given.id,
        ),
    )


def test_a_cost_is_the_sample_that_a_fifth_lie_below() -> None:
    (cost,) = MeasuredCosts([with_samples([90, 10, 20, 30, 40, 50, 60, 70, 80, 100])]).of(RELU)
    assert cost.cost_ns == 30


def test_several_processes_count_as_their_median() -> None:
    runs = [with_samples([each] * 3, process=place) for place, each in enumerate((90, 10, 30))]
    costs = MeasuredCosts(runs).of(RELU)
    assert [cost.cost_ns for cost in costs] == [30]
    assert costs[0].evidence == runs[0].id


def test_ways_of_one_brick_are_kept_apart() -> None:
    ways = [result(RELU, way, cost) for way, cost in ((ORT, 5), (BLOCKED, 4), (OPENVINO, 6))]
    assert [cost.cost_ns for cost in MeasuredCosts(ways).of(RELU)] == [5, 4, 6]


def test_what_was_refused_is_no_cost_and_has_its_reason() -> None:
    key = result(RELU, OPENVINO, 1).key
    refused = BenchmarkResult(key, "unsupported", "not here", [], None, STARTED)
    costs = MeasuredCosts([refused])
    assert costs.of(RELU) == ()
    assert costs.refusals(RELU) == (Refusal("openvino", "float32", "unsupported", "not here"),)


def test_of_several_algorithms_a_library_chooses_the_one_that_says_so() -> None:
    named = [("cudnn", name, "float32", "plain") for name in ("heuristic plan 1", "plan 2")]
    costs = MeasuredCosts([*(result(RELU, way, 5) for way in named), result(RELU, ORT, 9)])
    assert [(cost.algorithm, cost.is_heuristic) for cost in costs.of(RELU)] == [
        ("heuristic plan 1", True),
        ("plan 2", False),
        ("", True),
    ]


@pytest.fixture
def benchmarks(tmp_path: Path):
    with Store.open(tmp_path / "store") as store:
        yield store.benchmarks


def stored(benchmarks: Benchmarks, results: list[BenchmarkResult], machine=MACHINE) -> None:
    benchmarks.describe(RELU.id, "layer", RELU.to_json(), {})
    benchmarks.accept(results, environment=machine)


def test_results_are_read_for_the_bricks_asked_for(benchmarks: Benchmarks, tmp_path: Path) -> None:
    model = forked(tmp_path)
    for brick in bricks_of(model):
        benchmarks.describe(brick.id, "layer", brick.to_json(), {})
    benchmarks.accept(results_of(bricks_of(model)), environment=MACHINE)
    found = hot_results(benchmarks, [model.layers[1]], Selection(MACHINE.fingerprint))
    assert {each.key.brick_id for each in found} == {model.layers[1].id}
    assert len(found) == 5


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            ({"tool_version": "1"}, {"tool_version": "2"}),
            "the results come from 2 versions of the tool: 1, 2",
        ),
        (({"protocol": "p"}, {"protocol": "q"}), "the results come from 2 protocols: p, q"),
    ],
)
def test_results_that_were_measured_differently_are_not_mixed(
    benchmarks: Benchmarks, keys: tuple[dict[str, str], ...], message: str
) -> None:
    stored(benchmarks, [result(RELU, ORT, 5, **key) for key in keys])
    with pytest.raises(BoundError) as refused:
        hot_results(benchmarks, [RELU], Selection(MACHINE.fingerprint))
    assert refused.value.what == message
    assert refused.value.fix == "choose one of them, measure again, or ask for mixed results"
    assert len(hot_results(benchmarks, [RELU], Selection(mixed=True))) == 2


def test_results_of_several_machines_are_refused(benchmarks: Benchmarks) -> None:
    other = Environment({"name": "other"}, "3.11", {}, {})
    stored(benchmarks, [result(RELU, ORT, 5)])
    stored(benchmarks, [result(RELU, ORT, 6, fingerprint=other.fingerprint)], other)
    with pytest.raises(StoreError, match="the results come from 2 environments"):
        hot_results(benchmarks, [RELU], Selection())
    found = hot_results(benchmarks, [RELU], Selection(other.fingerprint))
    assert [each.median_ns for each in found] == [6]


@pytest.mark.parametrize(
    "change", [{"threads": 2}, {"batch": 4}, {"protocol": "q"}, {"tool_version": "2"}]
)
def test_only_what_is_selected_is_read(benchmarks: Benchmarks, change: dict[str, object]) -> None:
    stored(benchmarks, [result(RELU, ORT, 5, **change)])
    wanted = {"threads": 1, "batch": 1, "protocol": "p", "tool_version": "1"}
    assert hot_results(benchmarks, [RELU], Selection(**wanted)) == []
    assert len(hot_results(benchmarks, [RELU], Selection(**{**wanted, **change}))) == 1


def test_what_a_whole_framework_took_is_no_cost_of_a_layer(benchmarks: Benchmarks) -> None:
    given = result(RELU, ORT, 5)
    whole = replace(given, extra={"setup": {}}, started_utc="2026-03-02T12:00:00Z")
    stored(benchmarks, [replace(whole, key=replace(given.key, implementation="onnxruntime"))])
    stored(benchmarks, [given])
    found = hot_results(benchmarks, [RELU], Selection(MACHINE.fingerprint))
    assert [each.key.implementation for each in found] == ["ort"]
