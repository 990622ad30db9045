from __future__ import annotations

from typing import Any

import pytest
from fleets_on_paper import GIB, agent

from dlscope.agents.matching import label_problems, matches, refusals
from dlscope.core.manifest import StackLock
from dlscope.core.manifest.system import SystemRequirement
from dlscope.core.plan import Plan
from dlscope.core.trace import Level
from dlscope.testing.stores import sample_plan


def asking(**system: Any) -> Plan:
    """The sample plan with a model that asks this of a machine."""
    plan = sample_plan()
    required = SystemRequirement.model_validate(system)
    return plan.model_copy(update={"model": plan.model.model_copy(update={"system": required})})


def changed(**fields: Any) -> Plan:
    """The sample plan with other fields."""
    return sample_plan().model_copy(update=fields)


def on(**options: Any) -> Plan:
    """The sample plan with options of its framework."""
    framework = sample_plan().framework.model_copy(update={"options": options})
    return changed(framework=framework)


REFUSED = {
    "framework": (
        sample_plan(framework="onnxruntime"),
        {},
        "it has no framework onnxruntime",
    ),
    "version": (
        sample_plan(),
        {"offers": {"mock": "0.2.0"}},
        "framework mock 0.2.0 does not satisfy ==0.3.1",
    ),
    "device": (on(device="gpu"), {}, "mock runs there on the cpu, not gpu"),
    "level": (
        changed(trace_level=int(Level.LAYER)),
        {},
        "mock does not show level LAYER there",
    ),
    "threads": (
        on(threads=8),
        {},
        "it may use 4 cores, the plan asks for 8 threads",
    ),
    "architecture": (
        asking(architecture=("aarch64",)),
        {},
        "it is x86_64, the model needs aarch64",
    ),
    "features": (
        asking(features=("avx2", "amx_tile")),
        {},
        "its processor has no amx_tile",
    ),
    "accelerator": (
        asking(accelerator={"vendor": "nvidia"}),
        {},
        "it has no accelerator of nvidia",
    ),
    "memory": (
        asking(memory_bytes=">=32GiB"),
        {},
        "it has 16 GiB, the model needs >=32GiB",
    ),
    "memory limit": (
        changed(memory_limit_bytes=32 * GIB),
        {},
        "it has 16 GiB, the memory limit is 32 GiB",
    ),
    "label": (
        changed(options={"labels": {"lab": "a"}}),
        {"labels": {"lab": "b"}},
        "its label lab is b, not a",
    ),
    "another agent": (changed(options={"system": "agent-1"}), {}, "the plan is for agent-1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_constraint_that_does_not_hold_is_told_with_the_agent(name: str) -> None:
    plan, machine, what = REFUSED[name]
    found = agent(**machine)
    assert not matches(plan, found)
    assert refusals(plan, [found]) == (f"agent-7: {what}",)


def test_every_constraint_of_every_agent_is_told() -> None:
    plan = asking(architecture=("aarch64",), features=("sve",))
    first, second = agent("a"), agent("b", architecture="aarch64", features=("sve",))
    assert refusals(plan, [first, second]) == (
        "a: it is x86_64, the model needs aarch64",
        "a: its processor has no sve",
    )


def test_an_isolated_stack_needs_a_machine_and_no_framework() -> None:
    stack = StackLock(
        python="3.12.1", platform="linux-x86_64", requirements=("onnxruntime==1.22.1",)
    )
    framework = sample_plan(framework="onnxruntime").framework
    plan = changed(framework=framework.model_copy(update={"stack": stack}))
    assert matches(plan, agent())
    assert refusals(plan, [agent(architecture="aarch64")]) == (
        "agent-7: it is aarch64, the stack of onnxruntime==0.3.1 is for linux-x86_64",
    )


def test_labels_are_compared_by_value() -> None:
    found = agent(labels={"lab": "a"})
    assert list(label_problems({"lab": "a", "arch": "x86_64"}, found)) == []
    assert list(label_problems({"room": "3"}, found)) == ["it has no label room"]
