"""The runs of a leveled experiment, side by side: one process each, one iteration each in turn.

A machine drifts by more than profilers cost: iterations of all runs are interleaved, so that drift
meets each alike. Only one process works at a time.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from dlscope.agents.child_process import ChildProcess
from dlscope.core.errors import (
    BackendError,
    DlscopeError,
    FeedError,
    LoadError,
    MeasurementError,
    OutOfMemory,
    PlanError,
    PluginError,
)
from dlscope.core.run import Energy
from dlscope.core.trace import Level
from dlscope.methods.profiling.model_energy import ModelEnergy
from dlscope.tracing.environment import trace_environment
from dlscope.tracing.tracer import Diagnostic

_KINDS: Mapping[str, type[DlscopeError]] = {
    kind.__name__: kind for kind in (FeedError, LoadError, OutOfMemory, PlanError, PluginError)
}
"""What a process can tell of the errors that it ended with; all else is one of the backend."""
_MEASURED = ("_ns", "_ms", "_bytes")
"""Ends of the names of what a framework measured: another value each time."""
_COMMAND = (sys.executable, "-m", "dlscope.methods.profiling.child")


@dataclass(frozen=True)
class Iteration:
    """One iteration of one run; `waited_ns` is how long it stood in line for a core."""

    run: int
    duration_ns: int
    cpu_ns: int
    waited_ns: int

    @property
    def is_contended(self) -> bool:
        """Whether other work held it up for more than 5 % of its time."""
        return self.waited_ns > 0.05 * self.duration_ns


@dataclass(frozen=True)
class Measured:
    """Iterations in order of execution, the file with the spans of each run, and what to know.

    `energy` is that of the model alone, None where it was not asked for.
    """

    iterations: tuple[Iteration, ...]
    spans: tuple[Path, ...]
    diagnostics: tuple[tuple[Diagnostic, ...], ...]
    report: Mapping[str, Any]
    energy: Energy | None = None


def measure(
    order: Mapping[str, Any],
    levels: Sequence[Level],
    iterations: int,
    folder: Path,
    progress: Callable[[float], None],
    should_stop: Callable[[], bool],
    energy: ModelEnergy | None = None,
) -> Measured:
    """Runs M, M/…, up to all of `levels`, interleaved over `iterations` rounds.

    `order` is what every run is given alike. After the rounds the first of them goes on alone for
    its `energy`. Raises `MeasurementError` when the framework does
    not report the same of each run, and what a run failed with.
    """
    with contextlib.ExitStack() as stack:
        runs = [
            stack.enter_context(_ChildProcess(order, levels[: depth + 1], depth, folder))
            for depth in range(len(levels))
        ]
        reports = [run.ready() for run in runs]
        _require_same(reports, levels)
        done: list[Iteration] = []
        for number in range(iterations):
            if should_stop():
                break
            # Every other round the other way, so that none always comes after the same one.
            turn = runs if number % 2 == 0 else reversed(runs)
            done.extend(run.iterate() for run in turn)
            progress((number + 1) / iterations)
        counted = None if energy is None or should_stop() else energy.counted(runs[0].repeat)
        told = [run.finish() for run in runs]
        files = tuple(run.spans for run in runs)
        return Measured(tuple(done), files, tuple(told), reports[0], counted)


def measure_alone(
    order: Mapping[str, Any], levels: Sequence[Level], environment: Mapping[str, str], folder: Path
) -> Path:
    """The file with the spans of one iteration of one run, `environment` set for it as well.

    Raises what the run failed with.
    """
    with _ChildProcess(order, levels, len(levels), folder, environment) as run:
        run.ready()
        run.iterate()
        run.finish()
        return run.spans


def _require_same(reports: Sequence[Mapping[str, Any]], levels: Sequence[Level]) -> None:
    for depth, report in enumerate(reports[1:], start=1):
        names = {name for name in {*reports[0], *report} if not name.endswith(_MEASURED)}
        differing = sorted(name for name in names if reports[0].get(name) != report.get(name))
        if differing:
            raise MeasurementError(
                f"with level {levels[depth].name} the framework reports another "
                f"{', '.join(differing)}",
                where="leveled experiment",
                fix="runs that differ in more than what is recorded cannot be compared; "
                "leave the level out",
            )


@final
class _ChildProcess:
    """One run, in a process with the environment that its levels need."""

    def __init__(
        self,
        order: Mapping[str, Any],
        levels: Sequence[Level],
        run: int,
        folder: Path,
        environment: Mapping[str, str] = {},
    ) -> None:
        self._run = run
        self.spans = folder / f"spans-{run}.parquet"
        self._order = {
            **order,
            "levels": [level.name for level in levels],
            "run": run,
            "into": str(self.spans),
        }
        self._process = ChildProcess(_COMMAND, {**trace_environment(levels), **environment})
        self._process.tell(json.dumps(self._order))

    def __enter__(self) -> _ChildProcess:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.end()

    def ready(self) -> Mapping[str, Any]:
        """What the framework reports, once the model is open and warm."""
        report: Mapping[str, Any] = self._answer()["ready"]
        return report

    def iterate(self) -> Iteration:
        """Have it carry out one iteration."""
        self._process.tell("iterate")
        return Iteration(self._run, **self._answer())

    def repeat(self, duration_ns: int) -> int:
        """How many iterations it carries out in that time, one after another, none of them kept."""
        self._process.tell(f"repeat {duration_ns}")
        return int(self._answer()["iterations"])

    def finish(self) -> tuple[Diagnostic, ...]:
        """Have it write its spans."""
        self._process.tell("finish")
        return tuple(Diagnostic(*each) for each in self._answer()["diagnostics"])

    def _answer(self) -> dict[str, Any]:
        line = self._process.answer()
        if not line:
            raise self._died()
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise _error(answer["error"])
        return answer

    def _died(self) -> BackendError:
        return BackendError(
            self._process.ended("the profiled process"),
            where=f"levels {', '.join(self._order['levels'])}",
            fix="try fewer levels, or a smaller batch",
        )


def _error(told: Mapping[str, str]) -> DlscopeError:
    kind = _KINDS.get(told["kind"], BackendError)
    return kind(told["what"], where=told["where"], fix=told["fix"])
