from __future__ import annotations

import pytest

from dlscope.core.errors import PlanError
from dlscope.core.run import Environment, Run
from dlscope.core.workload import Context, Workload


class Noting(Workload):
    name = "evaluation"

    def _execute(self, plan, context):
        environment = Environment({}, "3.11", {}, {})
        return Run(context.run_id, plan, environment, "finished", "2026-01-01T00:00:00Z")


def test_carries_out_a_plan_of_its_own(make_plan) -> None:
    plan = make_plan()
    run = Noting().execute(plan, Context(run_id="r1"))
    assert run.plan is plan
    assert run.id == "r1"


def test_refuses_a_plan_of_another_workload(make_plan) -> None:
    plan = make_plan(workload="training")
    with pytest.raises(PlanError) as refusal:
        Noting().execute(plan, Context(run_id="r1"))
    assert str(refusal.value) == (
        "PlanError: the plan is for workload 'training', not 'evaluation'\n"
        f"  where  plan {plan.digest[:12]}\n"
        "  fix    execute it with the workload 'training'"
    )


def test_a_context_ignores_progress_and_never_stops_by_default() -> None:
    context = Context(run_id="r1")
    context.progress({"step": "load"})
    assert context.should_stop() is False
