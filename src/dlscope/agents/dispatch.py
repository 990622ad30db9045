"""`Dispatch`: plans on their way to agents and back, until each has its Run."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, final
from uuid import uuid4

import ray

from dlscope.agents import ray_cluster
from dlscope.agents.agent import Agent
from dlscope.agents.matching import matches, refusals
from dlscope.agents.ray_errand import Errand, Event
from dlscope.agents.scheduler import Assignment, Observer
from dlscope.agents.worker_process import FINISHING, new_run_id
from dlscope.core.hook_permission import HookPermission
from dlscope.core.plan import Plan
from dlscope.core.run import Run, Status
from dlscope.stacks.fingerprint import environment

RETRIES = 2
"""How often a plan is carried out again after its agent or its worker was lost."""
_AHEAD = 2.0
"""Shares of its device that an agent is given at once: one in hand, one in its queue."""
_LOOK_S = 0.2
_GRACE_S = 40.0
_ABANDONED: list[Any] = []
_FIX = "see why with `dlscope agent list`, and run the same command again"


@final
@dataclass
class _Job:
    """A plan without a Run: how often it was begun in vain, and which agents lost it."""

    assignment: Assignment
    failures: int = 0
    lost_by: set[str] = field(default_factory=set)

    @property
    def plan(self) -> Plan:
        return self.assignment.plan


@final
@dataclass
class _Sent:
    """A job at an agent, and the stream of its events."""

    job: _Job
    agent: Agent
    errand: Errand
    share: float
    stream: Any
    has_begun: bool = False
    has_run: bool = False


@final
class Dispatch:
    """Hands out plans in their order to the agents with the least to do, and gathers Runs."""

    def __init__(
        self,
        assignments: Sequence[Assignment],
        observer: Observer,
        roster: Callable[[], Sequence[Agent]],
        permission: HookPermission | None,
    ) -> None:
        self._waiting = [_Job(assignment) for assignment in assignments]
        self._sent: dict[Any, _Sent] = {}
        self._loads: dict[str, float] = defaultdict(float)
        self._observer = observer
        self._roster = roster
        self._permission = permission
        self._agents = roster() if assignments else ()

    @property
    def is_busy(self) -> bool:
        """Whether there is a plan without a Run."""
        return bool(self._waiting or self._sent)

    def step(self) -> Iterator[Run]:
        """Runs that are there now, after handing out what can be, and waiting for a moment."""
        yield from self._handed_out()
        yield from self._gathered(_LOOK_S)

    def closed(self) -> Iterator[Run]:
        """The Runs of what is being carried out, each after its current query, as `aborted`.

        What has not begun gives no Run. A second Ctrl-C does not wait for the queries.
        """
        self._waiting.clear()
        deadline = time.monotonic() + _GRACE_S
        try:
            self._ask_to_stop()
            while self._sent and time.monotonic() < deadline:
                yield from self._gathered(_LOOK_S)
                self._waiting.clear()
        except KeyboardInterrupt:
            pass
        for sent in self._sent.values():
            if sent.has_begun and not sent.has_run:
                yield _without_answer(sent.job.plan, "nobody waited for its query", "aborted")

    def abandon(self) -> None:
        """Let whatever is still being carried out end; nobody waits for it."""
        for sent in self._sent.values():
            ray_cluster.stop(sent.errand.ticket, sent.agent)
        # Ray (2.60) does not bear that the stream of a task goes before the task has ended.
        _ABANDONED.extend(self._sent)
        self._sent.clear()

    def _handed_out(self) -> Iterator[Run]:
        """Send what an agent has room for; the Runs of plans that are not carried out."""
        kept: list[_Job] = []
        jobs, self._waiting = self._waiting, kept
        for number, job in enumerate(jobs):
            if self._agents and not any(self._has_room(agent, 0.0) for agent in self._agents):
                kept.extend(jobs[number:])
                return
            fitting = [agent for agent in self._agents if matches(job.plan, agent)]
            if not fitting:
                yield self._unsatisfied(job)
                continue
            free = [agent for agent in fitting if self._has_room(agent, _share(job.plan, agent))]
            preferred = [agent for agent in free if agent.name not in job.lost_by]
            if not preferred and any(agent.name not in job.lost_by for agent in fitting):
                free = []
            ready = job.assignment.instead() if free else None
            if ready is not None:
                yield ready
            elif free:
                self._send(job, min(preferred or free, key=self._load))
            else:
                kept.append(job)

    def _has_room(self, agent: Agent, share: float) -> bool:
        load = self._loads[agent.name]
        return load < _AHEAD and load + share <= _AHEAD

    def _load(self, agent: Agent) -> tuple[float, str]:
        return self._loads[agent.name], agent.name

    def _send(self, job: _Job, agent: Agent) -> None:
        errand = Errand(job.plan, uuid4().hex, self._permission)
        share = _share(job.plan, agent)
        stream = ray_cluster.send(errand, agent, share)
        self._sent[stream] = _Sent(job, agent, errand, share, stream)
        self._loads[agent.name] = round(self._loads[agent.name] + share, 4)

    def _gathered(self, wait_s: float) -> Iterator[Run]:
        if not self._sent:
            return
        streams = list(self._sent)
        ready, _ = ray.wait(streams, num_returns=1, timeout=wait_s)
        for stream in ready:
            yield from self._heard(self._sent[stream])

    def _heard(self, sent: _Sent) -> Iterator[Run]:
        """The next word of one stream: its Run, where that is it."""
        try:
            word, value = _next(sent.stream)
        except StopIteration:
            self._forget(sent)
        except ray.exceptions.RayError as error:
            self._forget(sent)
            if not sent.has_run:
                yield from self._lost(sent, error)
        else:
            if word == "began":
                sent.has_begun = True
            elif word == "progress":
                self._observer(sent.job.plan, {**value, "agent": sent.agent.name})
            else:
                sent.has_run = True
                run = value.run()
                if value.was_killed and run.status == "failed" and self._again(sent, run.error):
                    return
                yield run

    def _lost(self, sent: _Sent, error: Exception) -> Iterator[Run]:
        """What becomes of a plan whose agent does not answer any more."""
        self._agents = self._roster()
        what = f"agent {sent.agent.name} was lost: {_told_by(error)}"
        if not sent.has_begun and not isinstance(error, ray.exceptions.RayTaskError):
            # It waited in the queue of a node that died: nothing was tried.
            sent.job.lost_by.add(sent.agent.name)
            self._waiting.insert(0, sent.job)
        elif not self._again(sent, {"what": what}):
            yield _without_answer(sent.job.plan, what, "failed", sent.agent)

    def _again(self, sent: _Sent, error: Any) -> bool:
        """Whether a plan that was begun in vain is carried out once more."""
        job = sent.job
        job.failures += 1
        job.lost_by.add(sent.agent.name)
        if job.failures > RETRIES:
            return False
        what = error["what"]
        self._observer(job.plan, {"step": f"once more, {what}", "agent": sent.agent.name})
        self._waiting.insert(0, job)
        return True

    def _unsatisfied(self, job: _Job) -> Run:
        reasons = refusals(job.plan, self._agents)
        what = "; ".join(reasons) or "there is no agent"
        return _without_answer(job.plan, what, "failed", reason="unsatisfiable")

    def _forget(self, sent: _Sent) -> None:
        del self._sent[sent.stream]
        self._loads[sent.agent.name] = round(self._loads[sent.agent.name] - sent.share, 4)

    def _ask_to_stop(self) -> None:
        for sent in self._sent.values():
            if sent.has_begun:
                self._observer(sent.job.plan, {"step": FINISHING, "agent": sent.agent.name})
            ray_cluster.stop(sent.errand.ticket, sent.agent)


def _next(stream: Any) -> Event:
    event: Event = ray.get(next(stream))
    return event


def _share(plan: Plan, agent: Agent) -> float:
    """How much of the device a plan takes: all of it for a measurement."""
    if plan.scenario.mode != "accuracy":
        return 1.0
    return int(10_000 / agent.slots) / 10_000


def _without_answer(
    plan: Plan, what: str, status: Status, agent: Agent | None = None, *, reason: str = ""
) -> Run:
    """The Run of a plan that no agent has brought home."""
    error = {
        "kind": "PlanError" if reason else "MeasurementError",
        "what": what,
        "where": plan.label,
        "fix": _FIX,
        **({"reason": reason} if reason else {}),
    }
    here = environment(plan.framework.stack) if agent is None else agent.environment
    return Run(
        id=new_run_id(),
        plan=plan,
        environment=here,
        status=status,
        started_utc=datetime.now(UTC).isoformat(timespec="milliseconds"),
        error=error,
    )


def _told_by(error: Exception) -> str:
    """What an error of Ray says, without its stack and its colours."""
    if isinstance(error, ray.exceptions.RayTaskError):
        cause = error.cause
        return f"{type(cause).__name__}: {cause}".splitlines()[0]
    return (str(error).splitlines() or [type(error).__name__])[0].partition(". ")[0]
