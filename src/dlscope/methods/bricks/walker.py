"""`python -m dlscope.methods.bricks.walker`: one process that walks over the bricks of a suite.

It is told what to do in a file, tells on its own channel how it comes along, and writes samples.
Between walks whole models are timed, where their files are given: immediately before and after, so
that what is composed and what is measured have met the same machine.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.agents.channel import Tell, carry_out
from dlscope.core.errors import DlscopeError
from dlscope.graph.brick import Brick
from dlscope.graph.brick_model import brick_model, brick_skeleton
from dlscope.methods.bricks.cold_memory import ColdMemory, far_bytes
from dlscope.methods.bricks.lent_weights import LentWeights
from dlscope.methods.bricks.protocol import WALL, Protocol
from dlscope.methods.bricks.sessions import (
    Bound,
    Memory,
    Sessions,
    null_sessions,
    region,
    timed_once,
    whole_model,
)
from dlscope.methods.bricks.settling import MEDIAN_ERROR, PRECISION, counts_of, unsettled
from dlscope.methods.bricks.suite import Suite
from dlscope.methods.bricks.view_costs import QUICK_ROUNDS, VIEW_MOST_NS, view_costs
from dlscope.methods.bricks.walk import Item, Walk, traffic_bytes, walks_of, weight_bytes

Times = NDArray[np.int64]
"""Wall and CPU time of the thread: the last axis has both, in ns."""

HOT_RUNS, HOT_WARMUP = 9, 3
TOUCHED_ROUNDS = 5
_QUANTILE = 1.96
_NO_VIEWS = np.zeros((1, 2))
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
    arrays = {**process.walk(tell), **process.beside()}
    np.savez(order["into"], **arrays)
    tell({"done": True, "share": 1.0})


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
        self._far_bytes = far_bytes()
        most_bytes = max((walk.absent_bytes for walk in walks), default=0)
        self._cold = ColdMemory(self._far_bytes if protocol.is_quick else most_bytes)
        self._lent = LentWeights()
        memory = region(max((walk.region_bytes for walk in walks), default=0))
        opened: dict[str, Any] = {}
        for walk in walks:
            start = len(self.items)
            places: dict[int, Memory] = {}
            for item in walk.items:
                place = places.setdefault(id(item.placed), Memory(memory, item.placed))
                self._open(item, suite, opened, place)
            indices = range(start, len(self.items))
            self._walks.append(_Opened(walk, indices))
        self._bricks = [suite.bricks[item.brick] for item in self.items]
        self._counts = counts_of(suite.models, [(each[0], each[1]) for each in self.listing()])
        self._views = np.array([model.views for model in suite.models])
        self._are_views_felt = True

    def _open(self, item: Item, suite: Suite, opened: dict[str, Any], memory: Memory) -> None:
        if item.brick in self.failed:
            return
        brick = suite.bricks[item.brick]
        try:
            if item.brick not in opened:
                opened[item.brick], self.opened[item.brick] = self._session(brick)
            self._bound.append(memory.bind(opened[item.brick], brick, item.step))
            self.items.append(item)
        except DlscopeError as error:
            self.failed[item.brick] = error.what

    def _session(self, brick: Brick) -> tuple[Any, int]:
        """A session for a brick, and what opening it took; a quick one is lent its weights."""
        if not self._protocol.is_quick:
            return self._sessions.open(brick_model(brick))
        model, shapes = brick_skeleton(brick)
        return self._sessions.open(model, self._lent.of(shapes))

    def listing(self) -> list[list[str]]:
        """The items in the order of all arrays: model of the walk, brick, what is in place."""
        return [
            [opened.walk.model, self.items[index].brick, self.items[index].in_place]
            for opened in self._walks
            for index in opened.indices
        ]

    def walk(self, tell: Tell) -> dict[str, Any]:
        """Rounds until the total is known: brick times, null times, whole models around them."""
        rounds: list[Times] = []
        nulls: list[Times] = []
        models: list[Times] = []
        begun = time.perf_counter()
        while (left := self._left(rounds, begun)) is not None:
            for array, shape in (
                (rounds, (len(self.items), 2)),
                (nulls, (len(self.items), 2)),
                (models, (len(self._names), 2, 2)),
            ):
                array.append(np.zeros(shape, np.int64))
            self._round(rounds[-1], nulls[-1], models[-1], len(rounds), left)
            self._refresh()
            tell({"share": self._share(len(rounds), begun), "round": len(rounds)})
        self._are_views_felt = self._is_felt(VIEW_MOST_NS * self._views, rounds[0])
        return {"walk": np.stack(rounds), "null": np.stack(nulls), "whole": np.stack(models)}

    def _is_felt(self, added_ns: NDArray[np.int64], times: Times) -> bool:
        """Whether so much more would be a tenth of the precision of any model, in a full round."""
        totals = self._counts @ times[:, self._protocol.clock]
        return bool((added_ns > PRECISION / 10 * totals).any())

    def _round(self, times: Times, nulls: Times, models: Times, turn: int, left: Set[int]) -> None:
        """Walk over each model's bricks, its whole model timed right before and right after."""
        walked = {opened.walk.model for opened in self._walks}
        self._pass_over(left)
        for opened in self._walks:
            indices = [index for index in opened.indices if index in left]
            self._whole(opened.walk.model, models, 0)
            self._prepare(opened, indices, turn)
            self._timed(indices, times, nulls, turn)
            self._whole(opened.walk.model, models, 1)
        for name in self._names:
            if name not in walked:  # all of its bricks are other models' too
                self._whole(name, models, 0)
                self._whole(name, models, 1)

    def _prepare(self, opened: _Opened, indices: Sequence[int], turn: int) -> None:
        """Every brick will find its weights where the model would, in a cache or not.

        A walk that is timed follows one that is not, as a timed model follows its warm-up, and
        between the two the weights that are missing here are read in other memory. A quick round
        saves that for models that leave nothing in a cache from one run to the next.
        """
        if self._is_far(opened):
            return
        skipped = (self._bricks[index] for index in set(opened.indices) - set(indices))
        self._untimed(indices, turn)
        self._cold.read(opened.walk.absent_bytes + sum(map(weight_bytes, skipped)))

    def _pass_over(self, left: Set[int]) -> None:
        """So much that with the round itself no cache holds what the round before left there."""
        if any(self._is_far(opened) for opened in self._walks):
            passed_bytes = sum(traffic_bytes(self._bricks[index]) for index in left)
            self._cold.read(self._far_bytes - passed_bytes)

    def _is_far(self, opened: _Opened) -> bool:
        """Whether a quick round may do without an untimed walk over these bricks."""
        return self._protocol.is_quick and opened.walk.traffic_bytes >= self._far_bytes

    def _whole(self, name: str, models: Times, after: int) -> None:
        """A whole model once, after one run that warms it up."""
        if name in self._models:
            bound = self._models[name]
            bound.run()
            models[self._names.index(name), after] = timed_once(bound)

    def _untimed(self, indices: Sequence[int], turn: int) -> None:
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

    def _timed(self, indices: Sequence[int], times: Times, nulls: Times, turn: int) -> None:
        """Bricks one after the other; after every few a null, in each round after others.

        So a null follows a brick, as nearly all bricks do: both find the caches as that left them.
        """
        for index in indices:
            times[index] = timed_once(self._bound[index])
            null = self._null(index, turn)
            if null is not None:
                nulls[index] = timed_once(null)

    def _share(self, rounds: int, begun: float) -> float:
        """How much of the least that must be done is done."""
        spent = (time.perf_counter() - begun) / max(self._protocol.max_seconds, 1e-9)
        return min(rounds / self._protocol.min_rounds, max(spent, 0.5), 1.0)

    def beside(self) -> dict[str, Any]:
        """What corrects and brackets the times of the walk; of a quick one only the former."""
        if not self._protocol.is_quick:
            return {**self.hot(), **self.touched(), "view": view_costs(self._sessions)}
        none = np.zeros((0, len(self.items), 2), np.int64)
        views = view_costs(self._sessions, QUICK_ROUNDS) if self._are_views_felt else _NO_VIEWS
        return {"hot": none, "touch": none, "null_hot": _all_hot(self._nulls), "view": views}

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
                times[index] = timed_once(bound)
            rounds.append(times)
        return {"touch": np.stack(rounds)}

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

    def _left(self, rounds: Sequence[Times], begun: float) -> Set[int] | None:
        """The bricks of the next round, None where there is nothing left to learn."""
        everything = frozenset(range(len(self.items)))
        if len(rounds) < self._protocol.min_rounds:
            return everything
        if time.perf_counter() - begun > self._protocol.max_seconds:
            return None
        if not self._protocol.is_quick:
            return None if self._is_known(rounds) else everything
        timed = [times[:, self._protocol.clock] for times in rounds]
        found = np.flatnonzero(unsettled(self._counts, timed, self._protocol.min_rounds))
        return frozenset(found.tolist()) or None

    def _is_known(self, rounds: Sequence[Times]) -> bool:
        totals = np.array([times[:, WALL].sum() for times in rounds], dtype=np.float64)
        half = _QUANTILE * MEDIAN_ERROR * totals.std(ddof=1) / np.sqrt(len(totals))
        return bool(half <= PRECISION * np.median(totals))


@final
@dataclass(frozen=True)
class _Opened:
    """A walk by the places of its bricks."""

    walk: Walk
    indices: range


def _all_hot(bounds: Sequence[Bound]) -> Times:
    """Runs × sessions: of none of them, too, since every brick of a suite may fail."""
    times = np.zeros((HOT_RUNS, len(bounds), 2), np.int64)
    for place, bound in enumerate(bounds):
        times[:, place] = _hot(bound)
    return times


def _hot(bound: Bound) -> Times:
    for _ in range(HOT_WARMUP):
        bound.run()
    return np.array([timed_once(bound) for _ in range(HOT_RUNS)], np.int64)


def _is_odd(array: NDArray[Any]) -> bool:
    largest = float(np.abs(array).max())
    return not _ODD_LOW < largest < _ODD_HIGH


if __name__ == "__main__":
    main()
