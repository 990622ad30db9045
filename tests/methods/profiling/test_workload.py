"""Leveled experiments carried out for real, on models that take no time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlscope.core.errors import BackendError, DataError, PlanError
from dlscope.core.plan import Plan
from dlscope.core.run import Energy, Run
from dlscope.core.trace import Level
from dlscope.methods.profiling.profile import CEILINGS, CLOCK, DIAGNOSTICS, WORK, Profile
from dlscope.testing.small_experiment import write_experiment
from dlscope.tracing.epoch import Anchor

CarryOut = Callable[..., Run]
MakePlan = Callable[..., Plan]


@pytest.fixture
def spun(plan: MakePlan, spinning: str) -> MakePlan:
    """A plan on the backend whose layers spin."""

    def planned(**options: Any) -> Plan:
        return plan(spinning, iterations=2, options={"layer_ns": 0, **options})

    return planned


@pytest.fixture(scope="module")
def run(carry_out: CarryOut, plan: MakePlan) -> Run:
    """The classifier of colours, three iterations of two pictures, down to its layers."""
    return carry_out(plan("reference", batch_size=2))


def test_one_run_holds_the_spans_of_all_levels(run: Run) -> None:
    assert (run.id, run.plan.workload, run.status) == ("r-1", "profiling", "finished")
    assert len({span.id for span in run.trace}) == len(run.trace)
    seen = {(span.run, span.level) for span in run.trace}
    assert seen == {(0, Level.MODEL), (1, Level.MODEL), (1, Level.LAYER)}
    profile = Profile(run)
    layers = profile.nodes(Level.LAYER)
    assert [node.type for node in layers] == ["GlobalAveragePool", "Flatten", "MatMul"]
    assert all(profile.latency_ns(node) for node in layers)


def test_the_queries_are_the_iterations_that_saw_the_model_alone(run: Run) -> None:
    model = [span for span in run.trace if span.run == 0]
    assert run.samples.latency_ns.tolist() == [span.duration_ns for span in model]
    assert run.samples.ok.all()
    assert len(run.samples) == 3


def test_keeps_what_is_needed_to_judge(run: Run) -> None:
    assert set(run.artifacts) == {CEILINGS, CLOCK, DIAGNOSTICS, WORK}
    assert json.loads(run.artifacts[DIAGNOSTICS]) == {"MODEL": [], "LAYER": []}
    assert json.loads(run.artifacts[CEILINGS])["flops_per_s"] > 0
    assert Anchor(**json.loads(run.artifacts[CLOCK])).offset_ns > 0
    assert run.framework_report["graph_bytes"] > 0


def test_the_work_is_that_of_the_whole_batch(run: Run) -> None:
    profile = Profile(run)
    *_, product = profile.nodes(Level.LAYER)
    # Two items of 3 channels by 4 classes, a multiply-accumulate counted as two.
    assert profile.cost(product).flops == 2 * 2 * 3 * 4
    assert profile.cost(product).source == "analytic"
    assert product.attributes["output_bytes"] == 2 * 4 * 4


def test_tells_the_energy_of_an_inference_or_why_there_is_none(run: Run) -> None:
    assert run.energy is not None
    assert (run.energy.per_inference_j is None) == (run.energy.reason != "")


def test_tells_each_condition(run: Run) -> None:
    contention, layers = run.conditions
    assert (contention.name, contention.required) == ("contention", "≤ half of them")
    assert contention.measured.endswith("of 6 iterations waited for a core")
    assert (layers.name, layers.measured) == ("level LAYER", "all spans have their place")
    assert layers.holds


def test_a_level_whose_tracer_fails_is_a_condition_that_does_not_hold(
    carry_out: CarryOut, spun: MakePlan
) -> None:
    run = carry_out(spun(fails_to="start"))
    assert run.status == "finished"
    layers = run.conditions[1]
    assert not layers.holds
    assert not run.is_valid
    assert layers.measured == "spinning failed to start: the profiler is broken"
    assert json.loads(run.artifacts[DIAGNOSTICS])["LAYER"] == [
        {
            "kind": "tracer_failed",
            "what": "spinning failed to start: the profiler is broken",
            "count": 1,
        }
    ]
    assert Profile(run).nodes(Level.LAYER) == ()


def test_what_ends_a_run_ends_the_experiment(carry_out: CarryOut, spun: MakePlan) -> None:
    with pytest.raises(BackendError, match="the profiled process ended with code -9: last words"):
        carry_out(spun(dies_at=3))


def test_a_backend_without_a_deeper_level_is_profiled_as_a_whole(
    carry_out: CarryOut, plan: MakePlan
) -> None:
    run = carry_out(plan("mock", ["MODEL"], 2, options={"delay_ns": 1000}))
    assert [condition.name for condition in run.conditions] == ["contention"]
    assert len(run.trace) == 2


def test_one_that_was_stopped_is_aborted_and_keeps_what_was_measured(
    carry_out: CarryOut, spun: MakePlan
) -> None:
    run = carry_out(spun(), should_stop=lambda: True)
    assert (run.status, len(run.trace), len(run.samples)) == ("aborted", 0, 0)
    assert run.energy == Energy(reason="it was stopped before its energy was counted")
    assert run.conditions[0].measured == "0 of 0 iterations waited for a core"


def test_progress_is_told(carry_out: CarryOut, spun: MakePlan) -> None:
    told: list[Any] = []
    carry_out(spun(), progress=told.append)
    assert told == [
        {"step": "load", "share": 0.0},
        {"step": "measure", "share": 0.5},
        {"step": "measure", "share": 1.0},
    ]


def test_without_an_item_that_can_be_prepared_there_is_nothing_to_feed(
    carry_out: CarryOut, plan: MakePlan, tmp_path: Path
) -> None:
    files = write_experiment(tmp_path, pictures=2)
    asked = plan("reference", of=files)
    for picture in (tmp_path / "pictures").iterdir():
        picture.write_bytes(b"no picture")
    with pytest.raises(DataError) as caught:
        carry_out(asked)
    assert caught.value.what.startswith("no item of the data set can be prepared: ")
    assert (caught.value.where, caught.value.fix) == (
        "model colors, inputs",
        "check that the data set holds what the preprocess steps expect",
    )


def test_an_item_that_cannot_be_prepared_is_passed_over(
    carry_out: CarryOut, plan: MakePlan, tmp_path: Path
) -> None:
    files = write_experiment(tmp_path, pictures=2)
    asked = plan("mock", ["MODEL"], 1, of=files)
    min((tmp_path / "pictures").iterdir()).write_bytes(b"no picture")
    assert carry_out(asked).status == "finished"


def test_a_plan_of_another_workload_is_refused(carry_out: CarryOut, plan: MakePlan) -> None:
    with pytest.raises(PlanError, match="the plan is for workload 'evaluation', not 'profiling'"):
        carry_out(plan("reference", workload="evaluation"))
