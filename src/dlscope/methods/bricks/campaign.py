"""`measure` and `composed`: a suite against the benchmark database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dlscope.core.errors import MeasurementError
from dlscope.core.run import Environment
from dlscope.methods.bricks.composition import Estimate, compose
from dlscope.methods.bricks.protocol import Protocol
from dlscope.methods.bricks.rows import IMPLEMENTATION, WHOLE, Conditions, described, rows_of
from dlscope.methods.bricks.running import CLOCKS, run_process
from dlscope.methods.bricks.suite import Suite
from dlscope.methods.bricks.times import Times, times_of
from dlscope.store.benchmarks import BenchmarkFilter, BenchmarkResult, Benchmarks

Progress = Callable[[int, Mapping[str, Any]], None]
"""Receives the number of the process and what it tells."""


def measure(
    suite: Suite,
    protocol: Protocol,
    benchmarks: Benchmarks,
    environment: Environment,
    models: Mapping[str, Path],
    *,
    refresh: bool = False,
    progress: Progress = lambda *_: None,
) -> int:
    """Time what the database does not have yet; how many bricks were timed.

    `models` are files of whole models that are timed beside their bricks. What a process measured
    is stored when it ends. A process that has all bricks and all of these models is left out.
    """
    timed = 0
    for process in range(protocol.processes):
        conditions = Conditions(suite, protocol, environment.fingerprint, process)
        wanted = set(suite.bricks)
        if not refresh:
            rows = _rows(benchmarks, conditions, process)
            wanted -= _bricks(rows)
            if not wanted and {suite.model(name).whole for name in models} <= _wholes(rows):
                continue
        tell = _numbered(progress, process)
        # Whole models need their bricks beside them: then all are timed again, together.
        whole = models if wanted == set(suite.bricks) or not wanted else {}
        walked = run_process(suite, protocol, whole, wanted or None, tell)
        benchmarks.accept(
            rows_of(walked, conditions), environment=environment, benchmarks=described(suite)
        )
        timed += len(walked.items)
    return timed


def composed(
    suite: Suite,
    protocol: Protocol,
    benchmarks: Benchmarks,
    fingerprint: str,
    names: Sequence[str] = (),
) -> tuple[list[Times], list[Estimate], str]:
    """What was measured of the suite, its models rebuilt from it, and when that was.

    Of the models called `names`, by default all. Raises `GraphError` for an unknown one,
    `MeasurementError` where no brick has a time.
    """
    wanted = [suite.model(name) for name in names] or list(suite.models)
    conditions = Conditions(suite, protocol, fingerprint, 0)
    rows = _rows(benchmarks, conditions, None)
    processes = times_of(rows)
    if not any(times.bricks for times in processes):
        raise MeasurementError(
            "no brick of the suite has a time here",
            where="benchmark database",
            fix="time them first: dlscope bricks run SUITE",
        )
    estimates = [compose(model, suite.bricks, processes) for model in wanted]
    return processes, estimates, max((row.started_utc for row in rows), default="")


def _rows(
    benchmarks: Benchmarks, conditions: Conditions, process: int | None
) -> list[BenchmarkResult]:
    """Rows of the suite's bricks and whole models, measured in the way of the protocol."""
    suite, protocol = conditions.suite, conditions.protocol
    found = benchmarks.rows(
        BenchmarkFilter(
            fingerprint=conditions.fingerprint,
            implementation=IMPLEMENTATION,
            implementation_version=suite.runtime,
            threads=protocol.threads,
            clock=CLOCKS[conditions.clock],
            process=process,
        )
    )
    wholes = {model.whole for model in suite.models}
    return [row for row in found if _belongs(row, conditions, wholes)]


def _belongs(row: BenchmarkResult, conditions: Conditions, wholes: set[str]) -> bool:
    key, suite = row.key, conditions.suite
    if key.protocol.split(" ")[0] != conditions.protocol.digest:
        return False
    if key.algorithm == WHOLE:
        return key.brick_id in wholes
    same_cut = key.algorithm == f"{suite.cut} graph" and key.scope == conditions.protocol.scope
    return same_cut and key.brick_id in suite.bricks


def _bricks(rows: Sequence[BenchmarkResult]) -> set[str]:
    return {row.key.brick_id for row in rows if row.key.state == "walk" and row.status == "ok"}


def _wholes(rows: Sequence[BenchmarkResult]) -> set[str]:
    return {row.key.brick_id for row in rows if row.key.algorithm == WHOLE}


def _numbered(progress: Progress, process: int) -> Callable[[Mapping[str, Any]], None]:
    def tell(message: Mapping[str, Any]) -> None:
        progress(process, message)

    return tell
