"""Agents of a Ray cluster: `agents` lists them, `start_agent` makes this machine one."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlscope.agents.agent import Agent
    from dlscope.core.report import Report
    from dlscope.core.table import Cell, Table

_PERIOD_S = 1.0
_PORT = 6379
Ready = Callable[[str, str], None]
"""Told the name of an agent that is ready, and the address of its cluster."""


def agents(address: str | None = None) -> Report:
    """The agents of the Ray cluster at `address`, by default the one on this machine.

    Raises `PlanError` when no cluster answers there, `PluginError` without Ray.
    """
    from dlscope.agents import ray_cluster
    from dlscope.agents.ray_scheduler import RayScheduler
    from dlscope.core.report import Report, Section
    from dlscope.reporting.words import plural

    found = RayScheduler(address=address).agents() or ()
    table = _table(found, ray_cluster.free_shares())
    busy = sum(bool(row["busy"]) for row in table)
    return Report(
        title="Agents",
        answer=f"{plural(len(found), 'agent')}, {busy} busy.",
        tables=(table,),
        sections=(Section("Agents", (table,)),),
        command="dlscope agent list",
    )


def start_agent(
    address: str | None = None,
    *,
    head: bool = False,
    name: str | None = None,
    labels: Mapping[str, str] | None = None,
    slots: int = 1,
    backends: Sequence[str] = (),
    ready: Ready,
) -> None:
    """Make this machine an agent until KeyboardInterrupt.

    With an `address` a Ray node is started here that joins the cluster there, as a `head` one that
    is the cluster; without, the node that runs here already is taken. `backends` are those it
    offers, by default all that work. `slots` is how many plans may go on together that only count
    accuracy. Raises `PlanError` where the name or the node has an agent already.
    """
    from dlscope.agents import hiring
    from dlscope.core import registry
    from dlscope.stacks.system import system

    for each in backends:
        if each not in registry.names("backends"):
            raise registry.unknown("backends", each)
    agent_name = name or system().name
    with _node(address, head, dict(labels or {})) as (node, is_alive, place):
        hiring.hire(agent_name, node, labels=labels, slots=slots, only=tuple(backends))
        try:
            ready(agent_name, place)
            while is_alive():
                time.sleep(_PERIOD_S)
        finally:
            hiring.leave(agent_name)


@contextlib.contextmanager
def _node(
    address: str | None, head: bool, labels: Mapping[str, str]
) -> Iterator[tuple[str, Callable[[], bool], str]]:
    """The id of a node on this machine, whether it is still there, and where its cluster is."""
    from dlscope.agents import ray_cluster
    from dlscope.agents.ray_node import RayNode

    if address in (None, "auto") and not head:
        ray_cluster.connect()
        yield ray_cluster.own_node(), lambda: True, "auto"
        return
    host, _, port = (address or "").rpartition(":")
    place = f"{host or ray_cluster.own_host()}:{port or _PORT}" if head else str(address)
    with RayNode(place, is_head=head, labels=labels) as node:
        yield node.joined(), lambda: node.is_alive, place


def _table(found: Sequence[Agent], free: Mapping[str, float]) -> Table:
    from dlscope.core.table import Column, Table

    columns = (
        Column("agent", "str", "name of the agent", role="id"),
        Column("node", "str", "the Ray node it stands on", priority=2),
        Column("host", "str", "name of the machine"),
        Column("system", "str", "system manifest of the machine", priority=2),
        Column("cpu", "str", "its processor", priority=2),
        Column("cores", "int", "cores it may use", role="count"),
        Column("accelerators", "str", "what else it has", priority=2),
        Column("memory_bytes", "int", "memory it may use", "bytes", role="value", priority=2),
        Column("python", "str", "version of Python", priority=3),
        Column("dlscope", "str", "version of dlscope", priority=3),
        Column("frameworks", "str", "frameworks it offers, with exact versions"),
        Column("labels", "str", "what it can be chosen by", priority=3),
        Column("slots", "int", "plans at once that only count accuracy", role="count", priority=3),
        Column("busy", "bool", "whether something is being carried out there", role="text"),
    )
    return Table.of("agents", columns, [_row(agent, free) for agent in found])


def _row(agent: Agent, free: Mapping[str, float]) -> Mapping[str, Cell]:
    system = agent.system
    return {
        "agent": agent.name,
        "node": agent.node,
        "host": agent.host,
        "system": system.name,
        "cpu": system.cpu.model,
        "cores": system.cpu.effective_cores,
        "accelerators": ", ".join(each.name for each in system.accelerators),
        "memory_bytes": system.memory_bytes,
        "python": agent.environment.python.rpartition(" ")[2],
        "dlscope": agent.dlscope,
        "frameworks": ", ".join(f"{name} {each.version}" for name, each in agent.offers.items()),
        "labels": " ".join(f"{name}={value}" for name, value in agent.all_labels.items()),
        "slots": agent.slots,
        "busy": free.get(agent.node, 0.0) < 1,
    }
