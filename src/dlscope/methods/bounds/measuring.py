"""`measure`: every way to compute some bricks, timed hot, into the benchmark database.

One child process measures; a library that crashes takes only the child with it, and the bench that
it crashed in is stored as failed. What is stored already is not measured again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, final

import numpy as np

from dlscope.agents.device_lock import device_lock
from dlscope.core.digest import digest
from dlscope.core.errors import GraphError, MeasurementError
from dlscope.core.run import Environment
from dlscope.graph.brick import Brick
from dlscope.graph.brick_model import brick_model
from dlscope.graph.read import read_graph
from dlscope.graph.work.count import graph_work
from dlscope.methods.bounds.clocks import WAITED
from dlscope.methods.bounds.implementation import is_free
from dlscope.methods.bounds.implementations.registry import NAMES
from dlscope.methods.bounds.measuring_process import Died, MeasuringProcess
from dlscope.methods.bounds.timing import BLOCK_NS, StopRule
from dlscope.store.benchmark_key import Kind
from dlscope.store.benchmarks import BenchmarkKey, BenchmarkResult, Benchmarks

Answer = Mapping[str, Any]
Present = Callable[[Collection[BenchmarkKey]], set[BenchmarkKey]]

_PROTOCOL = 2
"""Raised when benches are timed in another way than before."""
_PROTOCOL_DIGITS = 16
_BATCH = 20
_CONFIGURATION = ("algorithm", "dtype", "layout", "math")


@final
@dataclass(frozen=True)
class MeasuringOptions:
    """What is to be measured of each brick, and how long.

    `batch` is that of the models that the bricks are from; `process` tells several fresh processes
    apart; a bench that takes longer than `patience_s` is failed; with `refresh`, what is stored is
    measured again. Raises `MeasurementError` for what cannot be measured.
    """

    implementations: tuple[str, ...] = tuple(NAMES)
    dtypes: tuple[str, ...] = ("float32",)
    threads: int = 1
    batch: int = 1
    stop: StopRule = field(default_factory=StopRule)
    process: int = 0
    patience_s: float = 120.0
    refresh: bool = False

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise _nothing_to_measure(f"{self.threads} threads compute nothing", "1 thread or more")
        if not self.implementations or not self.dtypes:
            raise _nothing_to_measure(
                "no implementation, or no type to compute in, is asked for", "one at least of each"
            )

    @property
    def protocol(self) -> str:
        """Digest of all that decides how a sample comes about."""
        told = {"protocol": _PROTOCOL, "block_ns": BLOCK_NS, "stop": asdict(self.stop)}
        return digest(told)[:_PROTOCOL_DIGITS]


@final
@dataclass(frozen=True)
class Progress:
    """That bricks `done` of `bricks` are measured, and the newest result, if there is one."""

    done: int
    bricks: int
    result: BenchmarkResult | None = None


def _ignore(progress: Progress) -> None:
    del progress


def _nothing() -> None:
    pass


def measure(
    benchmarks: Benchmarks,
    bricks: Sequence[Brick],
    environment: Environment,
    options: MeasuringOptions | None = None,
    progress: Callable[[Progress], None] = _ignore,
    on_wait: Callable[[], None] = _nothing,
) -> int:
    """Measure and store all ways to compute `bricks`; how many results there are that are new.

    One measurement at a time on this machine: `on_wait` is told where another must end first. What
    was measured before an interruption is stored. Raises what the store refuses.
    """
    wanted = options or MeasuringOptions()
    timed = [brick for brick in bricks if not is_free(brick)]
    for brick in timed:
        _describe(benchmarks, brick)
    stored, pending = 0, list[BenchmarkResult]()
    with device_lock(on_wait):
        found = results(
            timed, environment.fingerprint, wanted, present=benchmarks.present, progress=progress
        )
        try:
            for result in found:
                pending.append(result)
                if len(pending) == _BATCH:
                    stored += benchmarks.accept(pending, environment=environment)
                    pending = []
        finally:
            found.close()
            stored += benchmarks.accept(pending, environment=environment)
    return stored


def results(
    bricks: Sequence[Brick],
    fingerprint: str,
    options: MeasuringOptions,
    *,
    present: Present,
    progress: Callable[[Progress], None] = _ignore,
) -> Generator[BenchmarkResult, None, None]:
    """Each way to compute each brick that is not `present`, one after another as it is measured.

    A way that an implementation does not know is a result, too. Bricks that are views cost
    nothing and are left out.
    """
    timed = [brick for brick in bricks if not is_free(brick)]
    with MeasuringProcess(options.patience_s) as process:
        for done, brick in enumerate(timed):
            for name in options.implementations:
                bench = _Bench(brick, name, fingerprint, options, process)
                for result in bench.results(present):
                    # Whoever is told, and stops, has it already.
                    yield result
                    progress(Progress(done, len(timed), result))
            progress(Progress(done + 1, len(timed)))


@final
@dataclass(frozen=True)
class _Bench:
    """One implementation of one brick."""

    brick: Brick
    implementation: str
    fingerprint: str
    options: MeasuringOptions
    process: MeasuringProcess

    def results(self, present: Present) -> Iterator[BenchmarkResult]:
        """Those that are asked for and not there yet."""
        started = _now()
        try:
            listed = self._ask("list")
        except Died as died:
            listed = {"status": "failed", "reason": str(died)}
        if "configurations" not in listed:
            yield self._result(self._key("", {}), listed, started)
            return
        ways = [each for each in listed["configurations"] if self._is_wanted(each)]
        keys = [self._key(listed["version"], each) for each in ways]
        known = set() if self.options.refresh else present(keys)
        for key, way in zip(keys, ways, strict=True):
            if key not in known:
                yield self._measured(key, way)

    def _is_wanted(self, way: Answer) -> bool:
        return way["dtype"] in self.options.dtypes

    def _measured(self, key: BenchmarkKey, way: Answer) -> BenchmarkResult:
        started = _now()
        if way["unsupported"] is not None:
            told = {"status": "unsupported", "reason": way["unsupported"]}
            return self._result(key, told, started)
        try:
            answer = self._ask(
                "run",
                configuration={name: way[name] for name in _CONFIGURATION},
                threads=self.options.threads,
                stop=asdict(self.options.stop),
            )
        except Died as died:
            answer = {"status": "failed", "reason": str(died)}
        return self._result(key, answer, started)

    def _ask(self, what: str, **more: Any) -> Answer:
        named = {"brick": self.brick.to_json(), "implementation": self.implementation}
        return self.process.ask({"do": what, **named, **more})

    def _key(self, implementation_version: str, way: Answer) -> BenchmarkKey:
        return BenchmarkKey(
            brick_id=self.brick.id,
            fingerprint=self.fingerprint,
            implementation=self.implementation,
            implementation_version=implementation_version,
            algorithm=way.get("algorithm", ""),
            dtype=way.get("dtype", ""),
            layout=way.get("layout", ""),
            math=way.get("math", ""),
            batch=self.options.batch,
            threads=self.options.threads,
            state="hot",
            protocol=self.options.protocol,
            process=self.options.process,
            tool_version=version("dlscope"),
        )

    def _result(self, key: BenchmarkKey, answer: Answer, started: str) -> BenchmarkResult:
        raw = np.asarray(answer.get("raw_ns", ()), dtype=np.int64)
        net = np.maximum(raw - answer.get("overhead_ns", 0), 0)
        return BenchmarkResult(
            key=key,
            status=answer["status"],
            reason=answer["reason"],
            samples_ns=net.tolist(),
            workspace_bytes=answer.get("workspace_bytes"),
            started_utc=started,
            extra=_extra(answer, raw),
        )


def _extra(answer: Answer, raw_ns: np.ndarray[Any, Any]) -> dict[str, Any]:
    """What else is known: the samples are without `overhead_ns`, which adds up to the raw ones.

    Only where a sample was shorter than the overhead are the raw ones told.
    """
    told = dict(answer.get("notes", {}))
    kept = ("relative_error", "calls", "overhead_ns", WAITED)
    told |= {name: answer[name] for name in kept if answer.get(name) is not None}
    if raw_ns.size and int(raw_ns.min()) < answer["overhead_ns"]:
        told["raw_ns"] = raw_ns.tolist()
    return told


def _describe(benchmarks: Benchmarks, brick: Brick) -> None:
    kind: Kind = "layer" if len(brick.layers) == 1 else "fused"
    benchmarks.describe(brick.id, kind, brick.to_json(), _work(brick))


def _work(brick: Brick) -> dict[str, Any]:
    """The work of a brick; nothing where no rule counts it."""
    with suppress(GraphError):
        counted = graph_work(read_graph(brick_model(brick)))
        return {**asdict(counted.total), "complete": counted.complete}
    return {}


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _nothing_to_measure(what: str, instead: str) -> MeasurementError:
    return MeasurementError(what, where="measuring of bricks", fix=f"ask for {instead}")
