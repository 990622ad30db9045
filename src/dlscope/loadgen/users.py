"""Users who think: each asks, waits for the answer, thinks, and asks again."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import numpy as np

from dlscope.core.run import Samples
from dlscope.loadgen.closed_loop import Issue, Watch, answers, never
from dlscope.loadgen.recording import Recording
from dlscope.loadgen.stop_rule import StopRule
from dlscope.tracing.clock import Clock

_CHUNK = 256


def users_loop(
    issue: Issue,
    indices: Iterator[int],
    rule: StopRule,
    clock: Clock,
    watch: Watch = never,
    *,
    users: int,
    think_ns: float,
    seed: int,
) -> Samples:
    """Queries of `users` people in the order in which they ask, until `rule` ends the run.

    Each thinks for a time drawn from an exponential distribution with mean `think_ns`, before the
    first query too. The system answers one query at a time; who asks while it is busy waits.
    """
    record, now = Recording(), clock.now_ns
    start = free = now()
    thoughts = [_thoughts(think_ns, seed, user) for user in range(users)]
    waiting = [(start + next(thought), user) for user, thought in enumerate(thoughts)]
    heapq.heapify(waiting)
    while True:
        due, user = heapq.heappop(waiting)
        index = next(indices)
        if free < due:
            clock.sleep_until(due)
            began = now()
        else:
            began = due
        is_ok, free = answers(issue, index), now()
        record.add(index, due_ns=due, issued_ns=began, completed_ns=free, is_ok=is_ok)
        record.user.append(user)
        heapq.heappush(waiting, (free + next(thoughts[user]), user))
        if rule.ends(len(record.ok), free - start) or watch(len(record.ok), free - start):
            return record.samples()


def fairness(samples: Samples) -> float | None:
    """Jain's index of the users' mean latencies: 1 when all wait alike, 1/users when one waits.

    J = (Σ xᵤ)² / (u · Σ xᵤ²)     (Jain, Chiu, Hawe 1984). None without answered queries of users.
    """
    if not samples.user.size:
        return None
    users = samples.user[samples.ok]
    if not users.size:
        return None
    totals = np.bincount(users, weights=samples.latency_ns.astype(float))
    counts = np.bincount(users)
    means = totals[counts > 0] / counts[counts > 0]
    squares = float((means**2).sum())
    return float(means.sum() ** 2 / (means.size * squares)) if squares else 1.0


def _thoughts(think_ns: float, seed: int, user: int) -> Iterator[int]:
    generator = np.random.default_rng([seed, user])
    while True:
        yield from np.round(generator.exponential(think_ns, _CHUNK)).astype(np.int64).tolist()
