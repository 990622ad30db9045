"""What a process measured as rows of the benchmark database, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.graph.brick import Brick
from dlscope.methods.bricks.protocol import CLOCKS, WALL, Protocol
from dlscope.methods.bricks.running import Walked
from dlscope.methods.bricks.sessions import NULL
from dlscope.methods.bricks.suite import Suite, runtime_here
from dlscope.store.benchmark_key import State
from dlscope.store.benchmarks import Benchmark, BenchmarkKey, BenchmarkResult

IMPLEMENTATION = "onnxruntime"
WHOLE = "whole model, before and after each walk"
_MODEL = "model "


@final
@dataclass(frozen=True)
class Conditions:
    """What all rows of one process share: suite, protocol, environment, which process it is."""

    suite: Suite
    protocol: Protocol
    fingerprint: str
    process: int

    @property
    def clock(self) -> int:
        """The clock that the protocol goes by."""
        return self.protocol.clock

    @property
    def runtime(self) -> str:
        """What runs the bricks: the graph that was written runs in any version."""
        return self.suite.runtime if self.suite.cut == "executed" else runtime_here()

    @property
    def graph(self) -> str:
        """What was cut and how: among other bricks, a brick is another measurement."""
        pieces = "windows" if self.suite.partition == "overlapping" else "bricks"
        return f"{self.suite.cut} graph in {pieces} of {self.suite.granularity}"

    @property
    def beside(self) -> str:
        """The same of whole models: beside other bricks they are other measurements, too."""
        return f"{WHOLE}: {self.graph}"

    @cached_property
    def _tool_version(self) -> str:
        """Asked of the distribution once: it is read from a file each time."""
        return version("dlscope")

    def key(self, brick: str, batch: int, dtype: str, **fields: Any) -> BenchmarkKey:
        """The key of a row."""
        found: dict[str, Any] = {
            "brick_id": brick,
            "fingerprint": self.fingerprint,
            "implementation": IMPLEMENTATION,
            "implementation_version": self.runtime,
            "algorithm": self.graph,
            "dtype": dtype,
            "batch": batch,
            "threads": self.protocol.threads,
            "scope": self.protocol.scope,
            "clock": CLOCKS[self.clock],
            "protocol": self.protocol.digest,
            "process": self.process,
            "tool_version": self._tool_version,
        }
        return BenchmarkKey(**{**found, **fields})


def described(suite: Suite) -> Iterator[Benchmark]:
    """The bricks of a suite, its whole models, and the null, as the database knows them."""
    kind = "layer" if suite.granularity == 1 else "brick"
    for name, brick in {**suite.bricks, NULL.id: NULL}.items():
        yield Benchmark(name, "calibration" if name == NULL.id else kind, brick.identity(), {})  # type: ignore[arg-type]
    for whole, layers in {each.whole: each.layers for each in suite.models if each.whole}.items():
        yield Benchmark(_MODEL + whole, "brick", {"whole": whole, "layers": layers}, {})


def is_whole(key: BenchmarkKey) -> bool:
    """Whether it is the key of a whole model."""
    return key.algorithm.startswith(WHOLE)


def whole_of(key: BenchmarkKey) -> str:
    """The identity of the whole model of a key."""
    return key.brick_id.removeprefix(_MODEL)


def walk_of(key: BenchmarkKey) -> str:
    """The identity of the whole model in whose walk a brick was timed, "" for all of the suite."""
    _, _, model = key.protocol.partition(" ")
    return model


def rows_of(walked: Walked, conditions: Conditions) -> list[BenchmarkResult]:
    """Every brick walked over, hot and touched where it was; the null; the whole models."""
    clock = conditions.clock
    found: list[BenchmarkResult] = []
    for place, item in enumerate(walked.items):
        brick = conditions.suite.bricks[item.brick]
        key = conditions.key(
            item.brick,
            _batch(brick),
            _dtype(brick),
            state="walk",
            in_place=item.in_place,
            protocol=_protocol(conditions, item.model),
        )
        extra = _overheads(walked, item.model, clock)
        timed = walked.walk[walked.walk[:, place, WALL] > 0, place]
        extra["wall_ns"] = float(np.median(timed[:, WALL]))
        extra["opened_ns"] = walked.opened_ns.get(item.brick, 0)
        found.append(_row(key, walked, timed[:, clock], extra))
        others: Mapping[State, NDArray[np.int64]] = {"hot": walked.hot, "touch": walked.touch}
        for state, times in others.items():
            if len(times):
                beside = replace(key, state=state)
                found.append(_row(beside, walked, times[:, place, clock], {}))
    for brick_id, reason in walked.failed.items():
        brick = conditions.suite.bricks[brick_id]
        key = conditions.key(brick_id, _batch(brick), _dtype(brick), state="walk")
        found.append(BenchmarkResult(key, "failed", reason, (), None, walked.started_utc))
    found.extend(_whole_rows(walked, conditions))
    return found


def _whole_rows(walked: Walked, conditions: Conditions) -> Iterator[BenchmarkResult]:
    """Before and after of each round, in turn."""
    models = {model.name: model for model in conditions.suite.models}
    for place, name in enumerate(walked.models):
        model = models[name]
        key = conditions.key(
            _MODEL + model.whole,
            model.batch,
            "float32",
            state="hot",
            scope="",
            algorithm=conditions.beside,
        )
        times = walked.whole[:, place, :, conditions.clock].reshape(-1)
        wall = float(np.median(walked.whole[:, place, :, WALL]))
        opened = walked.opened_models_ns.get(name, 0)
        yield _row(key, walked, times, {"wall_ns": wall, "opened_ns": opened})


def _overheads(walked: Walked, model: str, clock: int) -> dict[str, Any]:
    """What a session that does nothing took in the walk of one model, and over and over."""
    own = [place for place, item in enumerate(walked.items) if item.model == model]
    nulls = walked.null[:, own, clock]
    taken = nulls[nulls > 0]
    hot = float(np.median(walked.null_hot[..., clock]))
    return {
        "null_ns": float(np.median(taken)) if taken.size else hot,
        "null_hot_ns": hot,
        "view_ns": max(float(np.median(walked.view[:, clock])), 0.0),
    }


def _protocol(conditions: Conditions, model: str) -> str:
    """In the scope of a model, a brick of several models is measured in each."""
    if conditions.protocol.scope == "suite" or not model:
        return conditions.protocol.digest
    return f"{conditions.protocol.digest} {conditions.suite.model(model).whole}"


def _row(
    key: BenchmarkKey, walked: Walked, times: NDArray[np.int64], extra: Mapping[str, Any]
) -> BenchmarkResult:
    samples: Sequence[int] = times.tolist()
    return BenchmarkResult(key, "ok", "", samples, None, walked.started_utc, extra)


def _batch(brick: Brick) -> int:
    """The first axis of the first input."""
    shapes = [brick.tensors[place].shape for place in brick.inputs]
    return shapes[0][0] if shapes and shapes[0] else 1


def _dtype(brick: Brick) -> str:
    """The type that leaves."""
    return brick.tensors[brick.outputs[0]].dtype
