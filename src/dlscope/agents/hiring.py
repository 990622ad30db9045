"""Agents put on nodes of a Ray cluster, and taken away."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any

from dlscope.agents.agent import Agent
from dlscope.agents.ray_cluster import (
    DEVICE,
    NAMESPACE,
    actor_of,
    agents,
    disconnect,
    on_node,
    ray_here,
)
from dlscope.agents.ray_errand import AgentActor
from dlscope.core.errors import PlanError

_HIRED: dict[str, Any] = {}
"""Agents that are there because this process is: Ray ends one that nobody holds."""
_BURIAL_S = 60.0
_PERIOD_S = 0.5


def hire(
    name: str,
    node: str,
    *,
    labels: Mapping[str, str] | None = None,
    slots: int = 1,
    only: tuple[str, ...] = (),
) -> Agent:
    """The agent `name`, put on a node of the cluster, offering all frameworks or `only` these.

    It is there until it is dismissed, or this process ends, however that happens.
    Raises `PlanError` for a name or a node that has an agent already, and for a node that does
    not declare the device that measurements take.
    """
    _refuse_taken(name, node)
    actor = _created(name, node, dict(labels or {}), slots, only)
    try:
        agent: Agent = ray_here().get(actor.describe.remote())
    except ray_here().exceptions.RayError as error:
        raise _not_hired(name, error) from error
    _HIRED[name] = actor
    return agent


def dismiss(name: str) -> None:
    """Take the agent `name` away; what is being carried out on its node goes on."""
    ray = ray_here()
    _HIRED.pop(name, None)
    with contextlib.suppress(ValueError, ray.exceptions.RayError):
        ray.kill(actor_of(name))


def leave(name: str) -> None:
    """Take the agent `name` away, and leave the cluster."""
    dismiss(name)
    disconnect()


def _created(name: str, node: str, *arguments: Any) -> Any:
    """The actor of a new agent.

    One of the same name that answers no more is dead; until Ray, too, has noticed that, it says
    that the name is taken.
    """
    ray = ray_here()
    maker = ray.remote(AgentActor).options(
        name=name,
        namespace=NAMESPACE,
        num_cpus=0,
        max_concurrency=4,
        scheduling_strategy=on_node(node),
    )
    deadline = time.monotonic() + _BURIAL_S
    while True:
        try:
            return maker.remote(name, node, *arguments)
        except ray.exceptions.ActorAlreadyExistsError as error:
            if time.monotonic() > deadline:
                raise _not_hired(name, error) from error
            dismiss(name)
            time.sleep(_PERIOD_S)


def _refuse_taken(name: str, node: str) -> None:
    there = [each for each in ray_here().nodes() if each["NodeID"] == node and each["Alive"]]
    if not there or there[0]["Resources"].get(DEVICE) != 1:
        raise PlanError(
            f"the Ray node {node[:8]} does not declare the resource {DEVICE}: 1",
            where=f"agent {name}",
            fix=f"start the node with --resources '{{\"{DEVICE}\": 1}}', or let "
            "`dlscope agent start` start it",
        )
    for agent in agents():
        if agent.name == name or agent.node == node:
            taken = "its name" if agent.name == name else "its node"
            raise PlanError(
                f"agent {agent.name} on {agent.host} has {taken} already",
                where=f"agent {name}",
                fix="give it another --name, or end the other one",
            )


def _not_hired(name: str, error: Exception) -> PlanError:
    return PlanError(
        f"agent {name} could not be started: {str(error).splitlines()[0]}",
        where=f"agent {name}",
        fix="see whether dlscope is installed for the Python of that Ray node",
    )
