"""`side_by_side`: how long a whole model takes in several setups, measured in turns.

Each setup has a process of its own, so that none inherits another's threads and a crash ends only
one. They take turns: a machine that drifts meets each of them alike, and what is compared are
ratios of one round. Only one process works at a time.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.agents.child_process import ChildProcess
from dlscope.agents.device_lock import device_lock
from dlscope.core.digest import digest
from dlscope.core.run import Environment
from dlscope.methods.bounds.clocks import CONTENDED, FEWEST_CALM
from dlscope.methods.bounds.generating import ModelBenches
from dlscope.methods.bounds.setups import Setup
from dlscope.methods.bounds.timing import relative_half_width
from dlscope.store.benchmarks import BenchmarkKey, BenchmarkResult, Benchmarks

_PROTOCOL = 2
"""Raised when models are timed in another way than before."""
_PROTOCOL_DIGITS = 16
_COMMAND = (sys.executable, "-m", "dlscope.methods.bounds.end_to_end_child")
_DTYPES = {"bf16": "bfloat16", "f16": "float16"}


@final
@dataclass(frozen=True)
class TurnRule:
    """Rounds end when every setup is known to `half_width` of its median, or after `seconds` each.

    Never before `rounds` of them; until it is late, only calm ones count.
    """

    half_width: float = 0.01
    seconds: float = 5.0
    rounds: int = 15

    @property
    def protocol(self) -> str:
        """Digest of all that decides how a sample comes about."""
        return digest({"end to end": _PROTOCOL, **asdict(self)})[:_PROTOCOL_DIGITS]


@final
@dataclass(frozen=True, eq=False)
class Turns:
    """The samples of one setup, one for each round, ns; `failed` says why there are none.

    `calm` are the rounds in which it did not have to wait for a core for long.
    """

    setup: Setup
    version: str
    samples_ns: NDArray[np.int64]
    calm: NDArray[np.bool_]
    failed: str = ""


def side_by_side(
    graph: Path, setups: Sequence[Setup], *, threads: int = 1, rule: TurnRule | None = None
) -> list[Turns]:
    """Turns of the model in the file `graph` in each of `setups`, all over the same rounds."""
    wanted = rule or TurnRule()
    with contextlib.ExitStack() as stack:
        children = [stack.enter_context(_Child(graph, setup, threads)) for setup in setups]
        for child in children:
            child.open()
        _take_turns(children, wanted)
        return [child.turns for child in children]


def _take_turns(children: Sequence[_Child], rule: TurnRule) -> None:
    order = [child for child in children if not child.failed]
    begin, late_s = time.monotonic(), rule.seconds * len(order)
    while order and not _is_enough(order, rule, is_late=time.monotonic() - begin >= late_s):
        for child in order:
            child.take_turn()
        order = [child for child in reversed(order) if not child.failed]


def _is_enough(children: Sequence[_Child], rule: TurnRule, *, is_late: bool) -> bool:
    """Calm rounds are enough, or there were enough of any kind and it is late."""
    turns = [child.turns for child in children]
    if is_late:
        return all(each.samples_ns.size >= rule.rounds for each in turns)
    known = (each.samples_ns[each.calm] for each in turns)
    return all(
        each.size >= rule.rounds and relative_half_width(each) <= rule.half_width for each in known
    )


@final
class _Child:
    """The process of one setup. What goes wrong in it is `failed`, and it takes no further turn."""

    def __init__(self, graph: Path, setup: Setup, threads: int) -> None:
        self.setup = setup
        self.version = ""
        self.failed = ""
        self.samples: list[int] = []
        self.waits: list[int] = []
        self._order = {"graph": str(graph), "setup": setup.to_json(), "threads": threads}
        self._process = ChildProcess(_COMMAND)

    @property
    def turns(self) -> Turns:
        """What it has measured so far, nothing where it failed."""
        samples = np.asarray([] if self.failed else self.samples, np.int64)
        waits = np.asarray([] if self.failed else self.waits, np.int64)
        return Turns(self.setup, self.version, samples, waits <= CONTENDED * samples, self.failed)

    def __enter__(self) -> _Child:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.end()

    def open(self) -> None:
        """Have the model opened and warmed up."""
        told = self._asked(json.dumps(self._order))
        self.version = str(told.get("version", ""))

    def take_turn(self) -> None:
        """One more sample."""
        told = self._asked("turn")
        if not self.failed:
            self.samples.append(told["sample_ns"])
            self.waits.append(told["waited_ns"])

    def _asked(self, line: str) -> Mapping[str, Any]:
        self._process.tell(line)
        answer = self._process.answer()
        told: dict[str, Any] = (
            json.loads(answer) if answer else {"failed": self._process.ended("the process")}
        )
        self.failed = told.get("failed", "")
        return told


def measure_models(
    benchmarks: Benchmarks,
    benches: ModelBenches,
    setups: Sequence[Setup],
    environment: Environment,
    *,
    threads: int = 1,
    rule: TurnRule | None = None,
    on_wait: Callable[[], None] = lambda: None,
) -> tuple[BenchmarkResult, ...]:
    """Measure the model in `setups`, side by side, and store the results, also of what failed.

    They are results of the model as one brick. One measurement at a time on this machine:
    `on_wait` is told where another must end first.
    """
    wanted = rule or TurnRule()
    whole = benches.whole
    benchmarks.describe(whole.id, "brick", whole.to_json(), {})
    with device_lock(on_wait):
        started = datetime.now(UTC).isoformat()
        turns = side_by_side(benches.path, setups, threads=threads, rule=wanted)
    results = tuple(
        _result(each, benches, environment.fingerprint, threads, wanted, started) for each in turns
    )
    benchmarks.accept(results, environment=environment)
    return results


def setup_of(result: BenchmarkResult) -> Setup:
    """The setup that an end-to-end result is of."""
    return Setup.from_json(result.extra["setup"])


def calm_rounds(*results: BenchmarkResult) -> NDArray[np.bool_]:
    """The rounds in which none of the results of one session was held up by other work.

    All rounds where that is known of fewer than `FEWEST_CALM` of them.
    """
    told = [each.extra.get("calm") or [True] * each.n for each in results]
    calm = np.all(np.asarray(told, dtype=bool), axis=0)
    return calm if calm.sum() >= FEWEST_CALM else np.ones_like(calm)


def is_disturbed(result: BenchmarkResult) -> bool:
    """Whether other work held it up nearly all the time, so that its latency is too high."""
    calm = result.extra.get("calm")
    return calm is not None and sum(calm) < min(FEWEST_CALM, result.n)


def calm_samples_ns(result: BenchmarkResult) -> NDArray[np.int64]:
    """The samples of its calm rounds."""
    return np.asarray(result.samples_ns, np.int64)[calm_rounds(result)]


def latency_ns(result: BenchmarkResult) -> float:
    """The median of its calm rounds."""
    return float(np.median(calm_samples_ns(result)))


def _result(
    turns: Turns,
    benches: ModelBenches,
    fingerprint: str,
    threads: int,
    rule: TurnRule,
    started_utc: str,
) -> BenchmarkResult:
    setup = turns.setup
    key = BenchmarkKey(
        brick_id=benches.whole.id,
        fingerprint=fingerprint,
        implementation=setup.backend,
        implementation_version=turns.version,
        algorithm=setup.told,
        dtype=_DTYPES.get(setup.option("precision"), "float32"),
        batch=benches.batch,
        threads=threads,
        state="hot",
        protocol=rule.protocol,
        tool_version=version("dlscope"),
    )
    return BenchmarkResult(
        key=key,
        status="failed" if turns.failed else "ok",
        reason=turns.failed,
        samples_ns=turns.samples_ns.tolist(),
        workspace_bytes=None,
        started_utc=started_utc,
        extra={"setup": setup.to_json(), "calm": turns.calm.tolist()},
    )
