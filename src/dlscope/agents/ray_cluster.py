"""The Ray cluster that agents stand on: joined, asked who is there, given something to do.

Membership, failure detection and transport are Ray's. What dlscope adds is an actor with a name on
each node, which tells what can be run there.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from dlscope.agents.agent import Agent
from dlscope.agents.ray_errand import Errand, ask, carry_out
from dlscope.core import registry
from dlscope.core.errors import DlscopeError, PlanError

NAMESPACE = "dlscope"
DEVICE = "dlscope_device"
"""The resource, 1 on each node with an agent, that a measurement takes whole."""
_SILENCE_S = 10.0
_DIAL_S = 5.0


def connect(address: str = "auto") -> None:
    """Join the cluster at `address` as one who asks; `auto` is the one on this machine.

    Raises `PluginError` without Ray, `PlanError` when nothing answers.
    """
    ray = ray_here()
    if ray.is_initialized():
        if address in ("auto", ray.get_runtime_context().gcs_address):
            return
        # Agents that this process has hired end with its connection: not for an address in vain.
        _dial(address)
        ray.shutdown()
    else:
        _dial(address)
    try:
        ray.init(
            address=address, namespace=NAMESPACE, log_to_driver=False, logging_level="CRITICAL"
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise _unreachable(address) from error
    _hush()


def agents() -> tuple[Agent, ...]:
    """The agents that answer, by name."""
    ray = ray_here()
    asked = {actor_of(name).describe.remote(): name for name in agent_names()}
    if not asked:
        return ()
    ready, _ = ray.wait(list(asked), num_returns=len(asked), timeout=_SILENCE_S)
    found = []
    for answer in ready:
        # One that has died since it was named is not there.
        with contextlib.suppress(ray.exceptions.RayError):
            found.append(ray.get(answer))
    return tuple(sorted(found, key=lambda agent: agent.name))


def own_node() -> str:
    """The id of the node through which this process has joined the cluster."""
    node: str = ray_here().get_runtime_context().get_node_id()
    return node


def own_host() -> str:
    """The address of this machine as other machines see it."""
    host: str = ray_here().util.get_node_ip_address()
    return host


def node_labelled(label: str, value: str) -> str | None:
    """The id of the living node with this label, None where there is none."""
    for node in ray_here().nodes():
        if node["Alive"] and node["Labels"].get(label) == value:
            return str(node["NodeID"])
    return None


def disconnect() -> None:
    """Leave the cluster; agents that this process has hired end with that."""
    ray_here().shutdown()


def free_shares() -> Mapping[str, float]:
    """How much of its device each node has free, by node."""
    # Public only with the dashboard, which a cluster need not have.
    from ray._private.state import available_resources_per_node

    return {node: found.get(DEVICE, 0.0) for node, found in available_resources_per_node().items()}


def send(errand: Errand, agent: Agent, share: float) -> Any:
    """The stream of events of `errand`, carried out by `agent` with a `share` of its device."""
    remote = ray_here().remote(carry_out)
    return remote.options(
        num_returns="streaming",
        num_cpus=0,
        resources={DEVICE: share},
        max_retries=0,
        scheduling_strategy=on_node(agent.node),
        name=errand.plan.label,
    ).remote(errand)


def stop(ticket: str, agent: Agent) -> None:
    """Let an errand that `agent` carries out end after its current query."""
    with contextlib.suppress(ValueError, ray_here().exceptions.RayError):
        actor_of(agent.name).stop.remote(ticket)


def ask_there(agent: Agent, function: Callable[..., Any], *arguments: Any) -> Any:
    """What an importable `function` gives on the machine of `agent`.

    Raises the `DlscopeError` that it raises there, and `PlanError` when there is no answer.
    """
    ray = ray_here()
    remote = ray.remote(ask).options(num_cpus=0, scheduling_strategy=on_node(agent.node))
    try:
        answer = ray.get(remote.remote(function, arguments))
    except ray.exceptions.RayError as error:
        raise PlanError(
            f"agent {agent.name} could not be asked: {str(error).strip().splitlines()[-1]}",
            where=f"agent {agent.name}",
            fix="see whether it is still there, and has the same version of dlscope",
        ) from error
    if isinstance(answer, DlscopeError):
        raise answer
    return answer


def ray_here() -> ModuleType:
    """Ray, imported where it is first needed. Raises `PluginError` where it is missing."""
    # Nothing is told to anybody about the use of a cluster unless its user says so.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ModuleNotFoundError as error:
        raise registry.missing_distribution(
            "schedulers", "ray", "ray", where="dlscope.agents.ray_cluster"
        ) from error
    module: ModuleType = ray
    return module


def agent_names() -> list[str]:
    """Names of the agents that the cluster knows, whether they answer or not."""
    named = ray_here().util.list_named_actors(all_namespaces=True)
    return sorted(each["name"] for each in named if each["namespace"] == NAMESPACE)


def actor_of(name: str) -> Any:
    """The actor of the agent `name`. Raises `ValueError` where there is none."""
    return ray_here().get_actor(name, namespace=NAMESPACE)


def on_node(node: str) -> Any:
    """The choice of one node and no other."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(node, soft=False)


def _dial(address: str) -> None:
    """Whether something listens there: Ray itself waits for a minute to find out."""
    host, colon, port = address.rpartition(":")
    if not (colon and port.isdecimal()):
        return
    try:
        socket.create_connection((host, int(port)), _DIAL_S).close()
    except OSError as error:
        raise _unreachable(address) from error


def _hush() -> None:
    """Keep the logs of nodes that have died off the terminal: what they mean is told in words."""
    # They come as messages of the cluster, whatever `log_to_driver` says, and nothing else does.
    from ray._private import worker

    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = _ignored


def _ignored(*said: Any, **named: Any) -> None:
    del said, named


def _unreachable(address: str) -> PlanError:
    return PlanError(
        f"no Ray cluster answers at {address}",
        where="--address",
        fix="start one with `dlscope agent start --head`, and give the address that it tells",
    )
