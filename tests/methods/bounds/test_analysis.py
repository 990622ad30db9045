from __future__ import annotations

from pathlib import Path

import pytest
from measured_models import (
    BLOCKED,
    COSTS,
    MACHINE,
    ORT,
    STARTED,
    costs_of,
    forked,
    only,
    results_of,
    without,
)

from dlscope.core.errors import BoundError
from dlscope.methods.bounds.analysis import laid_out, missing_layers, model_bounds
from dlscope.methods.bounds.measured_costs import MeasuredCosts
from dlscope.methods.bounds.roofline_floor import MemoryLevel, Peaks
from dlscope.store.benchmarks import BenchmarkKey, BenchmarkResult

PEAKS = Peaks({"float32": 1e11}, (MemoryLevel("memory", 1e11),))


@pytest.fixture
def model(tmp_path: Path):
    return forked(tmp_path)


def test_all_bounds_of_a_model_follow_from_the_costs_of_its_bricks(model) -> None:
    bounds = model_bounds(model, costs_of(model))
    assert bounds.name == "forked"
    # Conv 60 + Relu 10 + LRN 30 + MaxPool 15 + Concat 5; without MaxPool; Conv and Relu in 62.
    assert bounds.sequential.total_ns == 120_000
    assert bounds.parallel.total_ns == 105_000
    assert bounds.fused.total_ns == 112_000
    assert bounds.fused_parallel.total_ns == 97_000


def test_changes_of_layout_are_paid_for(model) -> None:
    bounds = model_bounds(model, costs_of(model))
    # Conv, Relu and MaxPool in blocks: into them 2, and out of them twice 3.
    assert bounds.layout is not None
    assert (bounds.layout.bound.total_ns, bounds.layout.reorder_ns) == (128_000, 8_000)
    assert {each.layout: each.bound.bound.total_ns for each in bounds.policies} == {
        "blocked": 130_000,
        "plain": 135_000,
    }
    assert bounds.sequential.total_ns <= bounds.layout.bound.total_ns


def test_without_their_costs_there_is_no_bound_of_layouts(model) -> None:
    bounds = model_bounds(model, costs_of(model, without("ReorderInput")))
    assert bounds.layout is None
    assert bounds.policies == ()


def test_a_change_of_layout_costs_what_it_does_between_plain_shapes(model) -> None:
    costs = {**COSTS, "ReorderInput": {ORT: 2_000, BLOCKED: 1}}
    bounds = model_bounds(model, costs_of(model, costs))
    assert bounds.layout is not None
    assert bounds.layout.reorder_ns == 8_000


def test_types_that_are_not_asked_for_bound_nothing(model) -> None:
    costs = costs_of(model)
    short = model_bounds(model, costs, dtypes=("bfloat16",))
    # Conv 35 and Relu 6 in bfloat16.
    assert short.sequential.total_ns == 91_000
    everything = model_bounds(model, costs).everything
    assert {cost.dtype for cost in everything.by_id[0].costs} == {"float32", "bfloat16"}


def test_only_admissible_costs_count(model) -> None:
    bounds = model_bounds(
        model, costs_of(model), admissible=lambda cost: cost.implementation == "ort"
    )
    assert bounds.sequential.total_ns == 435_000


def test_what_libraries_choose_by_themselves_can_be_asked_for(model) -> None:
    costs = {
        **COSTS,
        "Conv": {
            ("cudnn", "heuristic 1", "float32", "plain"): 50_000,
            ("cudnn", "2", "float32", "plain"): 40_000,
        },
    }
    found = {
        word: model_bounds(model, costs_of(model, costs), selected=word).sequential.total_ns
        for word in ("best", "heuristic")
    }
    assert found == {"best": 100_000, "heuristic": 110_000}


def test_the_paper_takes_for_free_what_its_tool_skips(model) -> None:
    bounds = model_bounds(model, costs_of(model), paper_costs=True)
    # LRN and Concat cost nothing.
    assert bounds.sequential.total_ns == 85_000


def test_layers_without_a_measurement_are_named_all_at_once(model) -> None:
    with pytest.raises(BoundError) as refused:
        model_bounds(model, costs_of(model, without("LRN", "MaxPool")))
    assert refused.value.what == "2 layers have no measurement: LRN_2 (LRN), MaxPool_3 (MaxPool)"
    assert refused.value.where == "forked"


def test_missing_layers_come_with_the_reasons(model) -> None:
    lrn = model.layers[2]
    key = BenchmarkKey(
        brick_id=lrn.id,
        fingerprint=MACHINE.fingerprint,
        implementation="ort",
        implementation_version="1",
        dtype="float32",
        batch=1,
        threads=1,
        state="hot",
        tool_version="1",
    )
    wrong = BenchmarkResult(key, "wrong", "differs", [5], None, STARTED)
    timed = results_of(model.timed, without("LRN"))
    (missing,) = missing_layers(model, MeasuredCosts([*timed, wrong]))
    assert (missing.layer.name, missing.brick_id) == ("LRN_2", lrn.id)
    assert [(each.status, each.reason) for each in missing.refusals] == [("wrong", "differs")]


def test_what_onednn_keeps_to_itself_is_in_no_layout_that_can_be_asked_for(model) -> None:
    costs = {**COSTS, "Conv": {**COSTS["Conv"], ("o", "", "float32", "onednn"): 1_000}}
    bounds = model_bounds(model, costs_of(model, costs))
    assert bounds.sequential.total_ns == 61_000
    assert bounds.layout is not None
    assert bounds.layout.bound.total_ns == 128_000
    assert laid_out(bounds.costed).best_ns[0] == 60_000


def test_the_floor_needs_peaks_of_the_type(model) -> None:
    costs = costs_of(model)
    assert model_bounds(model, costs).floor is None
    other = Peaks({"bfloat16": 1e11}, PEAKS.levels)
    assert model_bounds(model, costs, peaks=other).floor is None
    floor = model_bounds(model, costs, peaks=PEAKS).floor
    assert floor is not None
    assert 0 < floor.total_ns < 120_000


def test_what_rests_on_one_implementation_is_told(model) -> None:
    alone = model_bounds(model, costs_of(model, only(lambda way: way[0].startswith("ort"))))
    assert alone.single_source_share == 1.0
    assert model_bounds(model, costs_of(model)).single_source_share == 0.0
    assert alone.single_sources[0].op_type == "LRN"
