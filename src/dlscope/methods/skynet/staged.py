"""Stages in threads of their own: one item is inferred while the next is already read.

    fetch and prepare ─▶ infer ─▶ boxes          speed-up ≤ Σ t_s / max t_s

A stage takes what the one before it made, in order. Between two of them a bounded queue waits, so
that memory does not grow with the speed of the first. Source: SkyNet, MLSys 2020, section on
system-level optimisation.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, final

from dlscope.core.errors import DataError, DlscopeError, PlanError
from dlscope.methods.skynet.channel import Channel, Closed

CAPACITY = 4
ENDS_WITHIN_S = 2.0
_Parcel = tuple[int, Any]


@final
@dataclass(frozen=True)
class Stage:
    """A name, and what is done to each item."""

    name: str
    work: Callable[[Any], Any]

    def merged(self, other: Stage) -> Stage:
        """Both one after the other, as one stage."""
        return Stage(f"{self.name}+{other.name}", lambda item: other.work(self.work(item)))


@final
@dataclass
class StageTimes:
    """What a stage spent its time on, in ns, and how full the queue before it was on average."""

    name: str
    busy_ns: int = 0
    starved_ns: int = 0
    blocked_ns: int = 0
    items: int = 0
    queued: int = 0

    @property
    def occupancy(self) -> float:
        """Mean number of items in the queue when one was taken; 0 for the first stage."""
        return self.queued / self.items if self.items else 0.0


@final
@dataclass(frozen=True)
class Failure:
    """An item that a stage could not work on, by its index."""

    index: int
    stage: str
    reason: str


@final
@dataclass(frozen=True)
class Staged:
    """Outputs in the order of the items, without those that failed, and where time went."""

    outputs: tuple[Any, ...]
    failures: tuple[Failure, ...]
    stages: tuple[StageTimes, ...]
    wall_ns: int

    @property
    def serial_ns(self) -> int:
        """The busy time of all stages; one after the other, they may each be quicker."""
        return sum(stage.busy_ns for stage in self.stages)

    @property
    def speed_up(self) -> float:
        """How many stages were busy at once, on average."""
        return self.serial_ns / self.wall_ns

    @property
    def bound(self) -> float:
        """The speed-up that these stages cannot exceed: all of them over the slowest."""
        return self.serial_ns / max(1, *(stage.busy_ns for stage in self.stages))

    @property
    def bottleneck(self) -> str:
        """The slowest stage, which the others wait for."""
        return max(self.stages, key=lambda stage: stage.busy_ns).name


def run_staged(
    stages: Sequence[Stage],
    items: Iterable[Any],
    *,
    capacity: int = CAPACITY,
    is_strict: bool = True,
) -> Staged:
    """Every item through all stages, each stage in a thread of its own.

    An exception ends all threads within two seconds and is raised as `DataError` naming stage and
    item; without `is_strict` an item with a `DlscopeError` is left out and the others go on. So
    does Ctrl-C end them. Raises `PlanError` for no stage, or a queue that holds nothing.
    """
    if not stages or capacity < 1:
        what = f"queues of {capacity} items pass nothing on" if stages else "there is no stage"
        raise PlanError(what, where="pipeline", fix="give at least one stage and room for one item")
    run = _Running(stages, capacity, is_strict=is_strict)
    return run.run(items)


@final
class _Running:
    """The threads of one run and the channels between them."""

    def __init__(self, stages: Sequence[Stage], capacity: int, *, is_strict: bool) -> None:
        self._stages = stages
        # The last channel is emptied by the caller, who keeps all outputs anyway.
        self._channels: list[Channel[_Parcel]] = [Channel(capacity) for _ in stages]
        self._times = [StageTimes(stage.name) for stage in stages]
        self._is_strict = is_strict
        self._lock = threading.Lock()
        self._failures: list[Failure] = []
        self._error: tuple[Failure, BaseException] | None = None

    def run(self, items: Iterable[Any]) -> Staged:
        started = time.perf_counter_ns()
        threads = [
            threading.Thread(target=self._first, args=(items,), daemon=True),
            *(
                threading.Thread(target=self._later, args=(index,), daemon=True)
                for index in range(1, len(self._stages))
            ),
        ]
        for thread in threads:
            thread.start()
        try:
            outputs = self._collected()
        finally:
            self._abort()
            deadline = time.monotonic() + ENDS_WITHIN_S
            for thread in threads:
                thread.join(max(0.0, deadline - time.monotonic()))
        wall_ns = time.perf_counter_ns() - started
        self._raise_error()
        failures = tuple(sorted(self._failures, key=lambda each: each.index))
        return Staged(outputs, failures, tuple(self._times), wall_ns)

    def _collected(self) -> tuple[Any, ...]:
        outputs: list[Any] = []
        while True:
            try:
                (_, output), _, _ = self._channels[-1].take()
            except Closed:
                return tuple(outputs)
            outputs.append(output)

    def _first(self, items: Iterable[Any]) -> None:
        index = 0
        try:
            for item in items:
                self._work(0, index, item)
                index += 1
        except Closed:
            return
        except BaseException as error:
            self._end(0, index, error)
        self._channels[0].close()

    def _later(self, stage: int) -> None:
        times = self._times[stage]
        try:
            while True:
                (index, item), waited, there = self._channels[stage - 1].take()
                times.starved_ns += waited
                times.queued += there
                self._work(stage, index, item)
        except Closed:
            self._channels[stage].close()

    def _work(self, stage: int, index: int, item: Any) -> None:
        """One item through one stage, and on. Raises `Closed` when the run has ended."""
        times = self._times[stage]
        started = time.perf_counter_ns()
        try:
            output = self._stages[stage].work(item)
        except BaseException as error:
            if isinstance(error, DlscopeError) and not self._is_strict:
                self._failures.append(self._failure(stage, index, error))
                return
            self._end(stage, index, error)
            raise Closed from error
        finally:
            times.busy_ns += time.perf_counter_ns() - started
            times.items += 1
        times.blocked_ns += self._channels[stage].put((index, output))

    def _end(self, stage: int, index: int, error: BaseException) -> None:
        """Remember the first error of all stages and wake every thread."""
        with self._lock:
            self._error = self._error or (self._failure(stage, index, error), error)
        self._abort()

    def _failure(self, stage: int, index: int, error: BaseException) -> Failure:
        reason = error.what if isinstance(error, DlscopeError) else _told(error)
        return Failure(index, self._stages[stage].name, reason)

    def _abort(self) -> None:
        for channel in self._channels:
            channel.abort()

    def _raise_error(self) -> None:
        if self._error is None:
            return
        failure, error = self._error
        raise DataError(
            f"stage {failure.stage!r} failed at item {failure.index}: {failure.reason}",
            where=f"pipeline, stage {failure.stage!r}, item {failure.index}",
            fix="correct the item or the stage; what came before was worked on",
        ) from error


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
