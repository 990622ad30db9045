"""`measure` and `composed`: a suite against the benchmark database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dlscope.agents.device_lock import WAITING, device_lock
from dlscope.core.errors import BackendError, MeasurementError
from dlscope.core.run import Environment
from dlscope.methods.bricks.against import Latencies
from dlscope.methods.bricks.composition import Estimate, compose
from dlscope.methods.bricks.protocol import CLOCKS, Protocol
from dlscope.methods.bricks.rows import (
    IMPLEMENTATION,
    Conditions,
    described,
    is_whole,
    rows_of,
    walk_of,
    whole_of,
)
from dlscope.methods.bricks.running import run_process
from dlscope.methods.bricks.suite import Suite, runtime_here
from dlscope.methods.bricks.times import Times, times_of
from dlscope.store.benchmarks import BenchmarkFilter, BenchmarkResult, Benchmarks

Progress = Callable[[int, Mapping[str, Any]], None]
"""Receives the number of the process and what it tells; `bricks` is how many it times."""


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
    Raises `BackendError` for what another version of the runtime executes.
    """
    _require_runtime(suite)
    timed = 0
    for process in range(protocol.processes):
        conditions = Conditions(suite, protocol, environment.fingerprint, process)
        rows = [] if refresh else _rows(benchmarks, conditions, process)
        wanted, whole = _left(rows, conditions, models)
        if wanted:
            tell = _numbered(progress, process, len(wanted))
            with device_lock(partial(tell, {"step": WAITING})):
                walked = run_process(suite, protocol, whole, wanted, tell)
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
    against: Latencies | None = None,
) -> tuple[list[Times], list[Estimate], str]:
    """What was measured of the suite, its models rebuilt from it, and when that was.

    Of the models called `names`, by default all; beside the latencies `against`, or those that were
    measured among the bricks. Raises `GraphError` for an unknown one, `MeasurementError` where no
    brick has a time.
    """
    wanted = [suite.model(name) for name in names] or list(suite.models)
    conditions = Conditions(suite, protocol, fingerprint, 0)
    rows = _rows(benchmarks, conditions, None)
    processes = times_of(rows)
    if not any(times.bricks for times in processes):
        raise MeasurementError(
            "no brick of the suite has a time here",
            where="benchmark database",
            fix="time them first: dlscope bricks run SUITE; what was timed with other packages, "
            "on another machine, in another scope or, if not asked for, with --quick does not "
            "count",
        )
    latencies = against.of_all(wanted, suite.granularity, protocol.threads) if against else {}
    # What was measured among the bricks is not what was asked for, then.
    compared = [replace(each, wholes={}) for each in processes] if against else processes
    estimates = [
        compose(model, suite.bricks, compared, against_ns=latencies.get(model.name))
        for model in wanted
    ]
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
            implementation_version=conditions.runtime,
            tool_version=version("dlscope"),
            threads=protocol.threads,
            clock=CLOCKS[conditions.clock],
            process=process,
        )
    )
    wholes = {model.whole for model in suite.models if model.whole}
    return [row for row in found if _belongs(row, conditions, wholes)]


def _belongs(row: BenchmarkResult, conditions: Conditions, wholes: set[str]) -> bool:
    key, suite = row.key, conditions.suite
    if key.protocol.split(" ")[0] != conditions.protocol.digest:
        return False
    if is_whole(key):
        return key.algorithm == conditions.beside and whole_of(key) in wholes
    is_alike = key.algorithm == conditions.graph and key.scope == conditions.protocol.scope
    return is_alike and key.brick_id in suite.bricks


def _left(
    rows: Sequence[BenchmarkResult], conditions: Conditions, models: Mapping[str, Path]
) -> tuple[set[str], dict[str, Path]]:
    """Bricks, and whole models, that have no time among `rows`; nothing where all have one.

    Whole models are timed among their bricks. Where these all have a time, all are timed again.
    """
    suite = conditions.suite
    everything = set(suite.bricks)
    wanted = everything - _timed(rows, suite, conditions.protocol)
    untimed = {name for name in models if suite.model(name).whole not in _wholes(rows)}
    if not wanted and untimed:
        wanted = everything
    chosen = set(models) if wanted == everything else untimed
    return wanted, {name: path for name, path in models.items() if name in chosen}


def _timed(rows: Sequence[BenchmarkResult], suite: Suite, protocol: Protocol) -> set[str]:
    """Bricks that have a time in every walk in which they need one."""
    walked = [row for row in rows if row.key.state == "walk" and row.status == "ok"]
    found = {(row.key.brick_id, walk_of(row.key)) for row in walked}
    missing = {brick for brick, walk in _needed(suite, protocol) if (brick, walk) not in found}
    return set(suite.bricks) - missing


def _needed(suite: Suite, protocol: Protocol) -> set[tuple[str, str]]:
    """Bricks, and the walks in which they need a time: "" for the one of the suite."""
    anywhere = {(brick, "") for brick in suite.bricks}
    if protocol.scope == "suite":
        return anywhere
    own = {(brick, model.whole) for model in suite.models for brick in model.occurrences()}
    ordered = {brick for model in suite.models if model.steps for brick in model.occurrences()}
    return {each for each in own if each[1]} | {each for each in anywhere if each[0] not in ordered}


def _wholes(rows: Sequence[BenchmarkResult]) -> set[str]:
    return {whole_of(row.key) for row in rows if is_whole(row.key)}


def _require_runtime(suite: Suite) -> None:
    if suite.cut == "executed" and suite.runtime != runtime_here():
        raise BackendError(
            f"the bricks are what {suite.runtime} executes, and here is {runtime_here()}",
            where="suite",
            fix="generate it again here, or with --cut authored, which any version runs",
        )


def _numbered(progress: Progress, process: int, bricks: int) -> Callable[[Mapping[str, Any]], None]:
    def tell(message: Mapping[str, Any]) -> None:
        progress(process, {"bricks": bricks, **message})

    return tell
