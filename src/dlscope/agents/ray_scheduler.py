"""`RayScheduler`: executes plans on the agents of a Ray cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import final

from dlscope.agents import ray_cluster
from dlscope.agents.agent import Agent
from dlscope.agents.dispatch import Dispatch
from dlscope.agents.matching import matches
from dlscope.agents.scheduler import Assignment, Observer, Scheduler
from dlscope.core.hook_permission import HookPermission
from dlscope.core.plan import Plan
from dlscope.core.run import Run


@final
class RayScheduler(Scheduler):
    """Each plan goes to an agent for which all its constraints hold, several at a time.

    One measurement at a time on each device, whoever asks: it takes the whole of a resource of
    its node, and the lock of the machine. A plan whose agent was lost, or whose worker somebody
    killed, is carried out again, on another agent where there is one, up to twice.

    `address` is that of the cluster, by default the one on this machine; it is joined when the
    first thing is asked, which raises `PlanError` when no cluster answers. Hooks have `permission`,
    by default that of the environment of each agent.
    """

    name = "ray"

    def __init__(
        self, permission: HookPermission | None = None, address: str | None = None
    ) -> None:
        self._permission = permission
        self._address = address or "auto"

    def _agents(self) -> tuple[Agent, ...]:
        ray_cluster.connect(self._address)
        return ray_cluster.agents()

    def _fingerprints(self, plan: Plan) -> tuple[str, ...]:
        fitting = [agent for agent in self._agents() if matches(plan, agent)]
        return tuple(dict.fromkeys(agent.fingerprint(plan.framework.stack) for agent in fitting))

    def _execute(self, assignments: Sequence[Assignment], observer: Observer) -> Iterator[Run]:
        dispatch = Dispatch(assignments, observer, self._agents, self._permission)
        try:
            while dispatch.is_busy:
                yield from dispatch.step()
        except KeyboardInterrupt:
            yield from dispatch.closed()
            raise
        finally:
            dispatch.abandon()
