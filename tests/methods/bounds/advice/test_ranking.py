from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from measured_models import COSTS, ORT, costs_of, forked, only

from dlscope.methods.bounds.advice.base import Advice, Subject
from dlscope.methods.bounds.advice.ranking import all_advice, ranking
from dlscope.methods.bounds.analysis import model_bounds
from dlscope.methods.bounds.setups import Setup

DISABLED = Setup("onnxruntime", {"graph_optimization": "disabled"})


def subject_of(folder: Path, costs=COSTS, setup: Setup = DISABLED, **more) -> Subject:
    model = forked(folder)
    return Subject(model_bounds(model, costs_of(model, costs)), setup, None, **more)


def by_change(subject: Subject) -> dict[str, Advice]:
    return {each.change: each for each in all_advice(subject)}


@pytest.mark.parametrize(
    ("change", "analysis", "how", "saving_ns"),
    [
        ("Compute in bfloat16", "Q6", "backend=openvino, precision=bf16", 435_000 - 102_000),
        ("Run the model on openvino", "Q1", "backend=openvino", 435_000 - 133_000),
        ("Run the model on torch", "Q1", "backend=torch", 435_000 - 347_000),
        ("Replace the implementation of LRN", "Q3", "LRN=openvino", 270_000),
        ("Fuse, and put channels into blocks", "Q7", "graph_optimization=all", 43_000),
        # MaxPool 20 beside LRN.
        ("Run 2 branches at once", "Q2", "inter_op_threads=2", 20_000),
        ("Fuse layers", "Q5", "graph_optimization=extended", 6_000),
        # Conv from 100 to 60.
        ("Choose another algorithm for Conv", "Q3", "ort → ort_blocked", 40_000),
        # S_f over S.
        ("Fuse Conv→Act", "Q5", "a kernel for the pattern", 8_000),
    ],
)
def test_every_question_has_its_answer(
    tmp_path: Path, change: str, analysis: str, how: str, saving_ns: int
) -> None:
    found = by_change(subject_of(tmp_path, cores=2))[change]
    assert (found.analysis, found.how, found.saving_ns) == (analysis, how, saving_ns)


def test_the_largest_saving_comes_first(tmp_path: Path) -> None:
    savings = [each.saving_ns for each in all_advice(subject_of(tmp_path, cores=2))]
    assert savings == sorted(savings, reverse=True)


def test_a_loss_is_told_below_zero(tmp_path: Path) -> None:
    found = by_change(subject_of(tmp_path, setup=Setup("openvino")))
    assert found["Run the model on torch"].saving_ns == 133_000 - 347_000


def test_layers_that_are_best_where_they_are_are_not_told(tmp_path: Path) -> None:
    assert "Replace the implementation of MaxPool" not in by_change(subject_of(tmp_path))


def test_on_one_core_nothing_runs_at_once(tmp_path: Path) -> None:
    assert "Run 1 branches at once" not in by_change(subject_of(tmp_path, cores=1))
    assert all(each.analysis != "Q2" for each in all_advice(subject_of(tmp_path, cores=1)))


def test_torch_is_advised_to_keep_channels_last(tmp_path: Path) -> None:
    last = ("torch_nhwc", "", "float32", "channels_last")
    costs = {**COSTS, "Conv": {**COSTS["Conv"], last: 50_000}}
    found = by_change(subject_of(tmp_path, costs, Setup("torch")))
    advice = found["Channels last through the network"]
    assert (advice.saving_ns, advice.how) == (40_000, "channels_last=true")


def test_openvino_is_advised_to_compute_in_bfloat16_itself(tmp_path: Path) -> None:
    found = by_change(subject_of(tmp_path, setup=Setup("openvino")))
    assert found["Compute in bfloat16"].how == "precision=bf16"


def test_a_machine_without_short_types_is_not_advised_to_use_them(tmp_path: Path) -> None:
    costs = only(lambda way: way[2] == "float32")
    assert "Compute in bfloat16" not in by_change(subject_of(tmp_path, costs))


def test_what_a_layer_takes_in_the_model_counts_where_it_is_known(tmp_path: Path) -> None:
    profiled = subject_of(tmp_path, in_model={"LRN": 150_000.0})
    # 150 in the model instead of the 300 that random numbers took, 30 elsewhere.
    assert by_change(profiled)["Replace the implementation of LRN"].saving_ns == 120_000


def test_each_step_is_predicted_with_those_above_in_place(tmp_path: Path) -> None:
    costs = only(lambda way: way[2] == "float32" and way[0] != "torch_nchw")
    plan = ranking(subject_of(tmp_path, costs))
    assert [(each.rank, each.advice.change) for each in plan] == [
        (1, "Run the model on openvino"),
        (2, "Choose another algorithm for Conv"),
        (3, "Replace the implementation of MaxPool"),
        (4, "Fuse Conv→Act"),
    ][: len(plan)]
    assert plan[0].latency_then_ns == 133_000
    for before, after in itertools.pairwise(plan):
        saved = before.latency_then_ns - after.latency_then_ns
        assert saved == pytest.approx(after.advice.saving_ns)


def test_a_plan_without_gain_is_empty(tmp_path: Path) -> None:
    costs = only(lambda way: way == ORT)
    assert ranking(subject_of(tmp_path, costs)) == ()
