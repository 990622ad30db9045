"""Whether an agent can carry out a plan; every constraint that does not hold, by name."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from dlscope.agents.agent import Agent, Offer
from dlscope.core.manifest import FrameworkManifest
from dlscope.core.plan import Plan
from dlscope.core.trace import Level
from dlscope.core.units import format_bytes, parse_bytes

SYSTEM = "system"
"""The option of a plan that names the one agent it is for."""
LABELS = "labels"
"""The option of a plan with the labels that its agent must have."""


def matches(plan: Plan, agent: Agent) -> bool:
    """Whether every constraint of `plan` holds for `agent`."""
    return next(_unmet(plan, agent), None) is None


def refusals(plan: Plan, agents: Iterable[Agent]) -> tuple[str, ...]:
    """Why none of `agents` can carry out `plan`: each constraint that fails, with its agent.

    An agent for which every constraint holds has no line.
    """
    return tuple(f"{agent.name}: {what}" for agent in agents for what in _unmet(plan, agent))


def label_problems(labels: Mapping[str, str], agent: Agent) -> Iterator[str]:
    """The labels asked for that `agent` does not have."""
    found = agent.all_labels
    for label, value in labels.items():
        if label not in found:
            yield f"it has no label {label}"
        elif found[label] != value:
            yield f"its label {label} is {found[label]}, not {value}"


def _unmet(plan: Plan, agent: Agent) -> Iterator[str]:
    wanted = plan.options.get(SYSTEM)
    if wanted not in (None, agent.name):
        yield f"the plan is for {wanted}"
    yield from label_problems(plan.options.get(LABELS, {}), agent)
    if agent.dlscope != _own_version():
        yield f"it runs dlscope {agent.dlscope}, the plan was made by {_own_version()}"
    yield from _framework_problems(plan, agent)
    yield from _machine_problems(plan, agent)


@cache
def _own_version() -> str:
    # Reading it from the disk for each pair of plan and agent would be most of the work.
    return importlib.metadata.version("dlscope")


def _framework_problems(plan: Plan, agent: Agent) -> Iterator[str]:
    framework = plan.framework
    if framework.stack is not None:
        # Made over there where it is missing; nothing but the kind of machine has to fit.
        yield from _platform_problems(framework, agent)
        return
    offer = agent.offers.get(framework.backend)
    if offer is None:
        yield f"it has no framework {framework.backend}"
        return
    if offer.version != framework.version:
        yield f"framework {framework.name} {offer.version} does not satisfy =={framework.version}"
    yield from _offer_problems(plan, offer)


def _platform_problems(framework: FrameworkManifest, agent: Agent) -> Iterator[str]:
    assert framework.stack is not None
    if agent.system.architecture not in framework.stack.platform:
        yield (
            f"it is {agent.system.architecture}, the stack of {framework.label} is for "
            f"{framework.stack.platform}"
        )


def _offer_problems(plan: Plan, offer: Offer) -> Iterator[str]:
    device = plan.framework.options.get("device", "cpu")
    if device not in offer.devices:
        yield f"{plan.framework.name} runs there on the {' and '.join(offer.devices)}, not {device}"
    level = Level(plan.trace_level)
    if level > Level.MODEL and level not in {Level.named(each) for each in offer.levels}:
        yield f"{plan.framework.name} does not show level {level.name} there"


def _machine_problems(plan: Plan, agent: Agent) -> Iterator[str]:
    asked, system = plan.model.system, agent.system
    memory = format_bytes(system.memory_bytes)
    if asked.architecture and system.architecture not in asked.architecture:
        yield f"it is {system.architecture}, the model needs {' or '.join(asked.architecture)}"
    missing = [name for name in asked.features if name not in system.cpu.features]
    if missing:
        yield f"its processor has no {', '.join(missing)}"
    if asked.accelerator is not None and not any(
        each.vendor == asked.accelerator.vendor for each in system.accelerators
    ):
        yield f"it has no accelerator of {asked.accelerator.vendor}"
    if asked.memory_bytes is not None and asked.memory_bytes.startswith(">"):
        least = parse_bytes(asked.memory_bytes.lstrip(">="))
        if system.memory_bytes < least:
            yield f"it has {memory}, the model needs {asked.memory_bytes}"
    threads = plan.framework.options.get("threads", 1)
    if threads > system.cpu.effective_cores:
        yield f"it may use {system.cpu.effective_cores} cores, the plan asks for {threads} threads"
    limit = plan.memory_limit_bytes
    if limit is not None and limit > system.memory_bytes:
        yield f"it has {memory}, the memory limit is {format_bytes(limit)}"
