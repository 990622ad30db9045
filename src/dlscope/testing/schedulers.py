"""`SchedulerSuite`: what every scheduler must do with plans.

A test module subclasses the suite and defines a fixture `scheduler`. It must be able to run the
backend `mock`:

    class TestMine(SchedulerSuite):
        @pytest.fixture
        def scheduler(self) -> Scheduler:
            return MyScheduler()
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dlscope.agents.scheduler import Assignment, Scheduler
from dlscope.core.manifest import ExperimentManifest
from dlscope.core.plan import Plan
from dlscope.core.run import Run
from dlscope.methods.evaluation.planning import plan_experiment
from dlscope.testing.small_experiment import write_experiment
from dlscope.testing.stores import sample_run

ACCURACY = {"name": "online", "mode": "accuracy", "pipeline": "sequential"}
PERFORMANCE = {"name": "online", "mode": "performance", "min_duration_ms": 0, "min_queries": 20}
_PICTURES = 4


def small_plans(
    folder: Path,
    scenarios: Sequence[Mapping[str, Any]] = (ACCURACY,),
    options: Sequence[Mapping[str, Any]] = ({},),
) -> tuple[Plan, ...]:
    """Plans of a tiny classifier below `folder` on the mock, one for each scenario and option."""
    written = write_experiment(folder, pictures=_PICTURES)
    asked = ExperimentManifest.model_validate(
        {
            "schema_version": 1,
            "name": "small",
            "models": [{"name": str(written.model)}],
            "frameworks": [{"name": "mock", "options": {"threads": 1, **o}} for o in options],
            "datasets": [{"name": str(written.dataset)}],
            "scenarios": [dict(scenario) for scenario in scenarios],
        }
    )
    return plan_experiment(asked).plans


class SchedulerSuite:
    """Behaviours of a scheduler, wherever it carries plans out; needs a fixture `scheduler`."""

    def test_gives_one_run_for_each_plan_with_all_that_was_measured(
        self, scheduler: Scheduler, tmp_path: Path
    ) -> None:
        """Answers and samples come home; the environment is one of those that it told."""
        plans = small_plans(tmp_path, (ACCURACY, PERFORMANCE))
        runs = {run.plan.digest: run for run in scheduler.execute(_assignments(plans, tmp_path))}
        assert list(map(len, (plans, runs))) == [2, 2]
        answered, measured = (runs[plan.digest] for plan in plans)
        assert (answered.status, len(answered.items)) == ("finished", _PICTURES)
        assert (measured.status, len(measured.samples)) == ("finished", 20)
        for plan, run in zip(plans, (answered, measured), strict=True):
            assert run.plan == plan
            assert run.environment.fingerprint in scheduler.fingerprints(plan)

    def test_tells_how_each_plan_comes_along(self, scheduler: Scheduler, tmp_path: Path) -> None:
        """The observer hears of a step before the Run is given."""
        (plan,) = small_plans(tmp_path)
        told: list[tuple[str, str]] = []

        def observe(plan: Plan, event: Mapping[str, Any]) -> None:
            told.append((plan.digest, event["step"]))

        (run,) = scheduler.execute(_assignments([plan], tmp_path), observe)
        assert (plan.digest, "load") in told
        assert run.status == "finished"

    def test_a_failure_stops_nothing(self, scheduler: Scheduler, tmp_path: Path) -> None:
        """A model that fails gives a failed Run with its error, and the rest goes on."""
        plans = small_plans(tmp_path, options=[{"fail_every": 1}, {}])
        runs = {run.plan.digest: run for run in scheduler.execute(_assignments(plans, tmp_path))}
        failed, finished = (runs[plan.digest] for plan in plans)
        assert failed.error is not None
        assert failed.error["what"] == "the mock failed prediction 1, as it was told to"
        assert (failed.status, finished.status) == ("failed", "finished")

    def test_a_run_may_stand_for_a_plan(self, scheduler: Scheduler, tmp_path: Path) -> None:
        """What `instead` gives is passed on, and nothing is carried out."""
        (plan,) = small_plans(tmp_path)
        known = sample_run("known", plan=plan)

        def instead() -> Run:
            return known

        assignment = Assignment(plan, tmp_path / "partial", instead=instead)
        assert [run.id for run in scheduler.execute([assignment])] == ["known"]

    def test_nothing_comes_of_no_plan(self, scheduler: Scheduler) -> None:
        """An empty list of plans gives no Run."""
        assert list(scheduler.execute([])) == []


def _assignments(plans: Sequence[Plan], folder: Path) -> list[Assignment]:
    return [Assignment(plan, folder / "partial" / plan.digest) for plan in plans]
