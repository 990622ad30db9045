"""`python -m dlscope.methods.bricks.walker`: one process that walks over the bricks of a suite.

It is told what to do in a file, tells on its own channel how it comes along, and writes samples.
Between walks whole models are timed, where their files are given: immediately before and after, so
that what is composed and what is measured have met the same machine.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import onnx
from numpy.typing import NDArray

from dlscope.agents.channel import Tell, carry_out
from dlscope.core.errors import DlscopeError
from dlscope.graph.brick_model import brick_model
from dlscope.methods.bricks.added_layers import with_identities
from dlscope.methods.bricks.calibration_networks import calibration_networks
from dlscope.methods.bricks.protocol import Protocol
from dlscope.methods.bricks.sessions import (
    Bound,
    Memory,
    Sessions,
    null_sessions,
    region,
    whole_model,
)
from dlscope.methods.bricks.suite import Suite
from dlscope.methods.bricks.walk import Item, Walk, walks_of
from dlscope.stacks.system import system

Times = NDArray[np.int64]
"""Wall and CPU time of the thread: the last axis has both, in ns."""

HOT_RUNS, HOT_WARMUP = 9, 3
TOUCHED_ROUNDS = 5
ADDED_ROUNDS = 41
_PRECISION = 0.01
_QUANTILE = 1.96
_MEDIAN_ERROR = 1.2533
"""The standard error of a median is that of a mean times √(π/2)."""
_CACHES, _CACHE_BYTES = 2, 32 << 20
_ODD_LOW, _ODD_HIGH = 1e-6, 1e6


def main() -> None:
    """Carry out the order in the file that the first argument names."""
    carry_out(lambda: Path(sys.argv[1]).read_text(encoding="utf-8"), _carry_out)


def _carry_out(order: Mapping[str, Any], tell: Tell) -> None:
    suite = Suite.from_json(order["suite"])
    protocol = Protocol.from_json(order["protocol"])
    sessions = Sessions(threads=protocol.threads, is_shared_arena=protocol.is_shared_arena)
    wanted = frozenset(order["wanted"]) if order.get("wanted") is not None else None
    walks = walks_of(suite, protocol, wanted)
    process = _Process(suite, protocol, sessions, walks, order.get("models", {}))
    tell(
        {
            "opened": process.opened,
            "models": process.opened_models,
            "failed": process.failed,
            "items": process.listing(),
        }
    )
    gc.collect()
    gc.freeze()
    gc.disable()
    arrays = process.walk(tell)
    arrays |= process.hot()
    arrays |= process.touched()
    arrays |= process.views()
    np.savez(order["into"], **arrays)
    tell({"done": True})


@final
class _Process:
    """Everything opened and bound, and the ways of timing it."""

    def __init__(
        self,
        suite: Suite,
        protocol: Protocol,
        sessions: Sessions,
        walks: Sequence[Walk],
        models: Mapping[str, str],
    ) -> None:
        self._protocol = protocol
        self._sessions = sessions
        self._nulls = null_sessions(sessions, protocol.nulls)
        self.failed: dict[str, str] = {}
        self.opened: dict[str, int] = {}
        self.items: list[Item] = []
        self._bound: list[Bound] = []
        self._walks: list[_Opened] = []
        self._models: dict[str, Bound] = {}
        self.opened_models: dict[str, int] = {}
        for name, path in models.items():
            self._models[name], self.opened_models[name] = whole_model(sessions, path)
        self._names = list(models)
        self._stream = _Stream(max((walk.absent_bytes for walk in walks), default=0))
        memory = region(max((walk.region_bytes for walk in walks), default=0))
        opened: dict[str, Any] = {}
        for walk in walks:
            start = len(self.items)
            places: dict[int, Memory] = {}
            for item in walk.items:
                place = places.setdefault(id(item.placed), Memory(memory, item.placed))
                self._open(item, suite, opened, place)
            indices = range(start, len(self.items))
            self._walks.append(_Opened(walk.model, indices, walk.absent_bytes))

    def _open(self, item: Item, suite: Suite, opened: dict[str, Any], memory: Memory) -> None:
        if item.brick in self.failed:
            return
        brick = suite.bricks[item.brick]
        try:
            if item.brick not in opened:
                session, self.opened[item.brick] = self._sessions.open(brick_model(brick))
                opened[item.brick] = session
            self._bound.append(memory.bind(opened[item.brick], brick, item.step))
            self.items.append(item)
        except DlscopeError as error:
            self.failed[item.brick] = error.what

    def listing(self) -> list[list[str]]:
        """The items in the order of all arrays: model of the walk, brick, what is in place."""
        return [
            [opened.model, self.items[index].brick, self.items[index].in_place]
            for opened in self._walks
            for index in opened.indices
        ]

    def walk(self, tell: Tell) -> dict[str, Any]:
        """Rounds until the total is known: brick times, null times, whole models around them."""
        rounds: list[Times] = []
        nulls: list[Times] = []
        models: list[Times] = []
        begun = time.perf_counter()
        while not self._is_known(rounds, begun):
            for array, shape in (
                (rounds, (len(self.items), 2)),
                (nulls, (len(self.items), 2)),
                (models, (len(self._names), 2, 2)),
            ):
                array.append(np.zeros(shape, np.int64))
            self._round(rounds[-1], nulls[-1], models[-1], len(rounds))
            self._refresh()
            tell({"share": self._share(len(rounds), begun), "round": len(rounds)})
        return {"walk": np.stack(rounds), "null": np.stack(nulls), "whole": np.stack(models)}

    def _round(self, times: Times, nulls: Times, models: Times, turn: int) -> None:
        """Walk over each model's bricks, its whole model timed right before and right after.

        A walk that is timed follows one that is not, as a timed model follows its warm-up. Between
        the two the weights that are missing here are read in other memory: so every brick finds
        its own where the model would, in a cache or not.
        """
        walked = {opened.model for opened in self._walks}
        for opened in self._walks:
            self._whole(opened.model, models, 0)
            self._untimed(opened.indices, turn)
            self._stream.read(opened.absent_bytes)
            self._timed(opened.indices, times, nulls, turn)
            self._whole(opened.model, models, 1)
        for name in self._names:
            if name not in walked:  # all of its bricks are other models' too
                self._whole(name, models, 0)
                self._whole(name, models, 1)

    def _whole(self, name: str, models: Times, after: int) -> None:
        """A whole model once, after one run that warms it up."""
        if name in self._models:
            bound = self._models[name]
            bound.run()
            models[self._names.index(name), after] = _timed_once(bound)

    def _untimed(self, indices: range, turn: int) -> None:
        """The same bricks and nulls as will be timed, so that both were seen as long ago."""
        for index in indices:
            self._bound[index].run()
            null = self._null(index, turn)
            if null is not None:
                null.run()

    def _null(self, index: int, turn: int) -> Bound | None:
        """The null that follows a brick in one round, if one does."""
        every = self._protocol.null_every
        number, rest = divmod(index + turn, every)
        return None if rest else self._nulls[number % len(self._nulls)]

    def _timed(self, indices: range, times: Times, nulls: Times, turn: int) -> None:
        """Bricks one after the other; after every few a null, in each round after others.

        So a null follows a brick, as nearly all bricks do: both find the caches as that left them.
        """
        for index in indices:
            times[index] = _timed_once(self._bound[index])
            null = self._null(index, turn)
            if null is not None:
                nulls[index] = _timed_once(null)

    def _share(self, rounds: int, begun: float) -> float:
        """How much of the least that must be done is done."""
        spent = (time.perf_counter() - begun) / max(self._protocol.max_seconds, 1e-9)
        return min(rounds / self._protocol.min_rounds, max(spent, 0.5), 1.0)

    def hot(self) -> dict[str, Any]:
        """Each brick over and over, as if nothing else were in the caches; nulls likewise."""
        return {"hot": _all_hot(self._bound), "null_hot": _all_hot(self._nulls)}

    def touched(self) -> dict[str, Any]:
        """Walks in which the floating inputs of a brick are written just before it is timed."""
        rounds = []
        for _ in range(TOUCHED_ROUNDS):
            times = np.zeros((len(self.items), 2), np.int64)
            for index, bound in enumerate(self._bound):
                for array in bound.arrays[: len(self.items[index].step.inputs)]:
                    if array.dtype.kind == "f":
                        np.negative(array, out=array)
                times[index] = _timed_once(bound)
            rounds.append(times)
        return {"touch": np.stack(rounds)}

    def views(self) -> dict[str, Any]:
        """What one more layer that moves nothing costs: networks with one after every layer."""
        found = [self._added(model) for model in calibration_networks().values()]
        return {"view": np.array(found, np.float64)}

    def _added(self, model: onnx.ModelProto) -> Times:
        """Median difference for one added layer, on both clocks; the two take turns."""
        longer, layers = with_identities(model)
        pair = [whole_model(self._sessions, each)[0] for each in (model, longer)]
        differences = []
        for _ in range(ADDED_ROUNDS):
            times = []
            for bound in pair:
                bound.run()
                times.append(np.array(_timed_once(bound)))
            differences.append((times[1] - times[0]) / layers)
        found: Times = np.median(np.array(differences), axis=0)
        return found

    def _refresh(self) -> None:
        """New numbers where repetition has driven them out of the ordinary: untimed."""
        for index, bound in enumerate(self._bound):
            item = self.items[index]
            if not item.in_place:
                continue
            for array in bound.arrays[: len(item.step.inputs)]:
                if array.dtype.kind == "f" and array.size and _is_odd(array):
                    generator = np.random.default_rng(index)
                    array[...] = generator.standard_normal(array.shape)

    def _is_known(self, rounds: Sequence[Times], begun: float) -> bool:
        if len(rounds) < self._protocol.min_rounds:
            return False
        if time.perf_counter() - begun > self._protocol.max_seconds:
            return True
        totals = np.array([times[:, 0].sum() for times in rounds], dtype=np.float64)
        half = _QUANTILE * _MEDIAN_ERROR * totals.std(ddof=1) / np.sqrt(len(totals))
        return bool(half <= _PRECISION * np.median(totals))


@final
@dataclass(frozen=True)
class _Opened:
    """A walk by the places of its bricks."""

    model: str
    indices: range
    absent_bytes: int


@final
class _Stream:
    """Memory that is read and serves nothing else: what it pushes out of caches is the point."""

    def __init__(self, most_bytes: int) -> None:
        largest = max(system().cpu.cache_bytes.values(), default=_CACHE_BYTES)
        self._memory = np.ones(min(most_bytes, _CACHES * largest) // 8, np.int64)

    def read(self, count: int) -> None:
        """Read `count` bytes, of more than fills every cache only as many as do."""
        self._memory[: count // 8].sum()


def _timed_once(bound: Bound) -> tuple[int, int]:
    run, binding = bound.session.run_with_iobinding, bound.binding
    c0 = time.thread_time_ns()
    t0 = time.perf_counter_ns()
    run(binding, None)
    t1 = time.perf_counter_ns()
    return t1 - t0, time.thread_time_ns() - c0


def _all_hot(bounds: Sequence[Bound]) -> Times:
    """Runs × sessions: of none of them, too, since every brick of a suite may fail."""
    times = np.zeros((HOT_RUNS, len(bounds), 2), np.int64)
    for place, bound in enumerate(bounds):
        times[:, place] = _hot(bound)
    return times


def _hot(bound: Bound) -> Times:
    for _ in range(HOT_WARMUP):
        bound.run()
    return np.array([_timed_once(bound) for _ in range(HOT_RUNS)], np.int64)


def _is_odd(array: NDArray[Any]) -> bool:
    largest = float(np.abs(array).max())
    return not _ODD_LOW < largest < _ODD_HIGH


if __name__ == "__main__":
    main()
