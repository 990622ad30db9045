from __future__ import annotations

from typing import Any

from dlscope.core.plan import Plan
from dlscope.reporting.plan_labels import PlanLabels
from dlscope.testing.stores import sample_plan


def with_options(**options: Any) -> Plan:
    plan = sample_plan(model="tiny")
    framework = plan.framework.model_copy(update={"options": options})
    return plan.model_copy(update={"framework": framework})


def test_plans_of_one_label_say_in_what_they_differ() -> None:
    one, two = with_options(threads=1, device="cpu"), with_options(threads=2, device="cpu")
    labels = PlanLabels([one, two])
    assert labels.of(one) == f"{one.label} · threads 1"
    assert labels.of(two) == f"{one.label} · threads 2"


def test_other_plans_keep_their_labels() -> None:
    plan = with_options(threads=1)
    assert PlanLabels([plan]).of(plan) == plan.label
    larger = plan.model_copy(update={"batch_size": 2})
    labels = PlanLabels([plan, larger])
    assert [labels.of(each) for each in (plan, larger)] == [plan.label, f"{plan.label} · batch 2"]


def test_an_option_may_be_missing_and_the_data_set_another() -> None:
    plan = with_options(threads=1)
    without, elsewhere = with_options(), with_options(threads=1)
    dataset = plan.dataset.model_copy(update={"name": "other"})
    elsewhere = elsewhere.model_copy(update={"dataset": dataset})
    labels = PlanLabels([plan, without, elsewhere])
    assert [labels.of(each) for each in (plan, without, elsewhere)] == [
        f"{plan.label} · {plan.dataset.name} · threads 1",
        f"{plan.label} · {plan.dataset.name} · no threads",
        f"{plan.label} · other · threads 1",
    ]
