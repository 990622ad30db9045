from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from measured_models import (
    COSTS,
    OPENVINO,
    ORT_FUSED,
    bricks_of,
    costs_of,
    forked,
    results_of,
    without,
)

from dlscope.core.errors import BoundError
from dlscope.methods.bounds.analysis import model_bounds
from dlscope.methods.bounds.composing import compose, contracted, is_own
from dlscope.methods.bounds.costed import Cost
from dlscope.methods.bounds.measured_costs import MeasuredCosts
from dlscope.methods.bounds.setups import Setup

DISABLED = Setup("onnxruntime", {"graph_optimization": "disabled"})


@pytest.fixture
def bounds(tmp_path: Path):
    model = forked(tmp_path)
    return model_bounds(model, costs_of(model))


@pytest.mark.parametrize(
    ("setup", "total_ns"),
    [
        # 100 + 10 + 300 + 20 + 5
        (DISABLED, 435_000),
        # Conv and Relu in 104
        (Setup("onnxruntime", {"graph_optimization": "extended"}), 429_000),
        # 62 + 300 + 15 + 5, LRN alone is plain: into blocks twice 2, out of them twice 3
        (Setup("onnxruntime"), 392_000),
        # 72 + 30 + 22 + 9
        (Setup("openvino"), 133_000),
        # 35 + 6 in bfloat16; nothing else has it, or is faster in it
        (Setup("openvino", {"precision": "bf16"}), 102_000),
        # 90 + 11 + 200 + 40 + 6: nothing is fused
        (Setup("torch"), 347_000),
        # LRN by another in 30
        (Setup("onnxruntime", {}, {"LRN": "openvino"}), 122_000),
        # MaxPool beside LRN
        (Setup("onnxruntime", {"inter_op_threads": 2}), 377_000),
    ],
)
def test_a_setup_is_put_together_of_what_the_backend_has(bounds, setup, total_ns) -> None:
    assert compose(bounds, setup).total_ns == total_ns


def test_what_openvino_takes_and_gives_is_plain(tmp_path: Path) -> None:
    last = ("openvino", "", "float32", "channels_last")
    costs = {**COSTS, "LRN": {**COSTS["LRN"], last: 1_000}, "Conv": {last: 1_000, OPENVINO: 3_000}}
    model = forked(tmp_path)
    found = model_bounds(model, costs_of(model, costs))
    steps = compose(found, Setup("openvino", {}, {"Relu": "torch"})).step_of
    # Half of what the convolution moves is the image, which has to be turned.
    assert (steps[0].cost.cost_ns, steps[0].cost.layout_in) == (2_000, "channels_last")
    assert (steps[2].cost.cost_ns, steps[2].cost.layout_in) == (1_000, "channels_last")


def test_changes_of_layout_are_part_of_it(bounds) -> None:
    composed = compose(bounds, Setup("onnxruntime"))
    assert composed.reorder_ns == 10_000
    assert sorted(each.tensor for each in composed.reorders) == ["Concat_4", "LRN_2", "Relu_1", "x"]


def test_a_fused_group_is_one_step(bounds) -> None:
    composed = compose(bounds, Setup("openvino"))
    assert [step.layers for step in composed.steps] == [(0, 1), (2,), (3,), (4,), (5,)]
    assert composed.step_of[1].pattern == "Conv→Act"


def test_unfused_layers_stay_apart(bounds) -> None:
    assert all(not step.pattern for step in compose(bounds, DISABLED).steps)


def test_a_group_with_a_layer_elsewhere_is_not_fused(bounds) -> None:
    composed = compose(bounds, Setup("openvino", {}, {"Relu": "torch"}))
    assert composed.total_ns == 70_000 + 11_000 + 30_000 + 22_000 + 9_000


def test_what_comes_from_elsewhere_is_plain(tmp_path: Path) -> None:
    model = forked(tmp_path)
    last = ("openvino", "", "float32", "channels_last")
    costs = {**COSTS, "LRN": {**COSTS["LRN"], last: 1_000}}
    bounds = model_bounds(model, costs_of(model, costs))
    assert compose(bounds, Setup("onnxruntime", {}, {"LRN": "openvino"})).total_ns == 122_000
    assert compose(bounds, Setup("openvino")).total_ns == 104_000


def test_without_costs_of_layouts_each_layer_is_as_fast_as_the_backend_has_it(tmp_path) -> None:
    model = forked(tmp_path, block=None)
    bounds = model_bounds(model, costs_of(model))
    assert compose(bounds, Setup("onnxruntime")).total_ns == 62_000 + 300_000 + 15_000 + 5_000


def test_a_layer_that_the_backend_was_not_measured_on_is_named(tmp_path: Path) -> None:
    model = forked(tmp_path)
    lrn = {way: cost for way, cost in COSTS["LRN"].items() if way != OPENVINO}
    bounds = model_bounds(model, costs_of(model, {**without("LRN"), "LRN": lrn}))
    with pytest.raises(BoundError, match=r"1 layer has no measurement: LRN_2 \(LRN\)"):
        compose(bounds, Setup("openvino"))


def test_a_backend_whose_code_is_not_measured_is_refused(bounds) -> None:
    with pytest.raises(BoundError) as refused:
        compose(bounds, Setup("tensorflow"))
    assert refused.value.what == "what tensorflow computes layers with is not measured"
    assert refused.value.where == "prediction of tensorflow"
    assert refused.value.fix == "ask for one of onnxruntime, openvino, torch"


def test_own_costs_are_told_from_others() -> None:
    assert is_own(Setup("openvino"), Cost(1, "openvino"))
    assert not is_own(Setup("openvino"), Cost(1, "ort"))
    assert not is_own(DISABLED, Cost(1, "ort_blocked"))


def test_contracting_keeps_the_total_of_disjoint_groups(bounds) -> None:
    (group,) = bounds.costed.groups
    fused = contracted(bounds.costed, [group])
    assert [layer.id for layer in fused.layers] == [0, 2, 3, 4, 5]
    assert sum(fused.best_ns.values()) == bounds.fused.total_ns


def test_more_threads_are_composed_of_what_was_measured_with_them(bounds, tmp_path) -> None:
    model = forked(tmp_path)
    halves = {label: {way: ns // 2 for way, ns in ways.items()} for label, ways in COSTS.items()}
    twice = replace(bounds, threaded={2: model_bounds(model, costs_of(model, halves))})
    assert compose(twice, DISABLED.with_option("threads", 2)).total_ns == 435_000 // 2
    assert compose(twice, DISABLED).total_ns == 435_000


def test_threads_that_nothing_was_measured_with_are_refused(bounds) -> None:
    with pytest.raises(BoundError) as refused:
        compose(bounds, DISABLED.with_option("threads", 4))
    assert refused.value.what == "nothing of forked was measured with 4 threads"
    assert refused.value.fix == "measure it with: dlscope bound analyze --cores 4"


def test_a_kernel_of_a_framework_is_used_though_its_benchmark_is_no_faster(tmp_path) -> None:
    model = forked(tmp_path)
    slower = {**COSTS, "Conv + Relu": {ORT_FUSED: 118_000}}
    results = [
        replace(each, extra={**each.extra, "kernels": "1"})
        if each.key.algorithm == "fused"
        else each
        for each in results_of(bricks_of(model), slower)
    ]
    bounds = model_bounds(model, MeasuredCosts(results))
    extended = compose(bounds, Setup("onnxruntime", {"graph_optimization": "extended"}))
    assert extended.total_ns == 435_000 - 110_000 + 118_000
