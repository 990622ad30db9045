"""Whole evaluations in an isolated stack that borrows what is installed here."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from dlscope.core.manifest import StackLock
from dlscope.core.plan import Plan
from dlscope.core.run import Run
from dlscope.methods.evaluation.planning import plan_experiment
from dlscope.testing.borrowed_stack import borrowed_stack


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StackLock:
    """A stack with the ONNX Runtime of these tests, which every request is given."""
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path / "cache"))
    lock = borrowed_stack("onnxruntime", onnxruntime.__version__)
    monkeypatch.setattr("dlscope.methods.evaluation.provisioning.resolve", lambda _: lock)
    return lock


@pytest.fixture
def evaluated(lock: StackLock, ask: Any, carry_out: Callable[..., Run]) -> Callable[..., Run]:
    """The Run of the small model in the stack, scenario fields changed."""

    def evaluate(**scenario: Any) -> Run:
        return carry_out(isolated_plan(ask, **scenario))

    return evaluate


def isolated_plan(ask: Any, **scenario: Any) -> Plan:
    asked = ask(stack="isolated")
    entry = {**asked.scenarios[0], **scenario}
    return plan_experiment(asked.model_copy(update={"scenarios": (entry,)})).plans[0]


def condition(run: Run, name: str) -> Any:
    return next((each for each in run.conditions if each.name == name), None)


def test_gives_the_answers_that_the_framework_gives_here(
    evaluated: Callable[..., Run], carry_out: Callable[..., Run], ask: Any
) -> None:
    isolated, here = evaluated(), carry_out(plan_experiment(ask()).plans[0])
    assert isolated.status == "finished"
    assert [item.prediction for item in isolated.items] == [item.prediction for item in here.items]
    for one, other in zip(isolated.items, here.items, strict=True):
        for name, output in one.outputs.items():
            np.testing.assert_array_equal(output, other.outputs[name])
    assert isolated.samples.sample.tolist() == here.samples.sample.tolist()


def test_the_stages_of_its_start_are_told(evaluated: Callable[..., Run]) -> None:
    run = evaluated()
    assert [stage.name for stage in run.stages] == [
        *("provision", "import", "fetch", "load", "first prediction")
    ]
    imported = run.stage("import")
    assert imported is not None
    assert imported.cpu_ns > 0


def test_the_stack_is_part_of_the_plan_and_of_the_environment(
    evaluated: Callable[..., Run], lock: StackLock
) -> None:
    run = evaluated()
    assert run.plan.framework.stack == lock
    assert run.plan.framework.label == f"onnxruntime=={onnxruntime.__version__}"
    assert run.environment.stack["packages"] == lock.packages
    assert run.framework_report["isolated"] is True
    assert run.framework_report["reported_version"] == onnxruntime.__version__


def test_memory_is_that_of_the_worker(evaluated: Callable[..., Run]) -> None:
    run = evaluated()
    assert 0 < run.memory_bytes["baseline"] <= run.memory_bytes["peak"]


def test_a_closed_loop_has_no_pipe_in_it(evaluated: Callable[..., Run]) -> None:
    run = evaluated(min_queries=7)
    assert len(run.samples) == 7
    assert condition(run, "way to the isolated stack") is None


@pytest.mark.parametrize("scenario", [{"pipeline": "sequential"}, {"pipeline": "stream"}])
def test_what_is_asked_through_the_pipe_says_how_much_that_is(
    evaluated: Callable[..., Run], scenario: dict[str, Any]
) -> None:
    crossing = condition(evaluated(**scenario), "way to the isolated stack")
    assert crossing.measured.endswith(" of a prediction")


def test_one_evaluation_carries_out_one_stack_after_another(lock: StackLock, ask: Any) -> None:
    from dlscope.core.workload import Context
    from dlscope.methods.evaluation.workload import Evaluation

    workload, place = Evaluation(), Path(os.environ["DLSCOPE_CACHE"]) / "partial"
    plan = isolated_plan(ask, mode="accuracy")
    threads = {**plan.framework.options, "threads": 2}
    other = plan.framework.model_copy(update={"options": threads})
    plans = [plan, plan.model_copy(update={"framework": other}), plan]
    runs = [
        workload.execute(each, Context(f"r-{index}", place / str(index)))
        for index, each in enumerate(plans)
    ]
    assert [run.status for run in runs] == ["finished"] * 3
    assert [run.framework_report["threads"] for run in runs] == [
        plan.framework.options["threads"],
        2,
        plan.framework.options["threads"],
    ]
