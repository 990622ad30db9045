"""The reports of a suite that was measured, and of a file that was read into the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from dlscope.core.report import Report, Section
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.bounds.suite import BoundSuite
from dlscope.store.benchmarks import BenchmarkResult, Imported

MEASURED = (
    Column("implementation", "str", "implementation of layers", role="id"),
    Column("dtype", "str", "type that it computes in"),
    Column("status", "str", "ok, or why there is no time", role="verdict"),
    Column("results", "int", "results that the store has", role="count"),
    Column("reason", "str", "the most frequent reason, where there is one", priority=2),
)
MODELS = (
    Column("model", "str", "model of the suite", role="id"),
    Column("batch_size", "int", "inputs at once", role="count"),
    Column("layers", "int", "layers of the model", role="count"),
    Column("bricks", "int", "benchmarks that are timed of it", role="count"),
)
IMPORTED = (
    Column("file", "str", "file that was read", role="id"),
    Column("stored", "int", "results that are new", role="count"),
    Column("known", "int", "results that were stored before", role="count"),
    Column("left_out", "int", "aggregates, which are no measurements", role="count"),
)

TABLES: Mapping[str, tuple[str, tuple[Column, ...]]] = {
    "measured": ("Results of a suite by implementation. Printed by `bound run`.", MEASURED),
    "models": ("The models of a suite. Printed by `bound run`.", MODELS),
    "imported": ("What became of a file. Printed by `bound import`.", IMPORTED),
}
"""What each table tells, and its columns, for the reference."""


def suite_report(suite: BoundSuite, results: Sequence[BenchmarkResult], new: int) -> Report:
    """How much of a suite is measured, by implementation; `new` results are from just now."""
    measured = Table.of("measured", MEASURED, _measured(results), title="Results")
    models = Table.of("models", MODELS, _models(suite), title="Models")
    count = len(suite.bricks) + len(suite.reorders)
    return Report(
        title="Benchmarks of layers",
        answer=f"{count} benchmarks, {len(results)} results, {new} of them new.",
        tables=(measured, models),
        sections=(Section("Results", (measured,)), Section("Models", (models,))),
        created_utc=max((each.started_utc for each in results), default=""),
    )


def import_report(file: str, imported: Imported) -> Report:
    """What became of the results in a file."""
    record: Mapping[str, Cell] = {
        "file": file,
        "stored": imported.stored,
        "known": imported.known,
        "left_out": imported.left_out,
    }
    table = Table.of("imported", IMPORTED, [record])
    return Report(
        title="Benchmarks read from a file",
        answer=f"{imported.stored} results of {file} are new, {imported.known} were known.",
        tables=(table,),
        sections=(Section("Imported", (table,)),),
    )


def _measured(results: Sequence[BenchmarkResult]) -> Iterator[Mapping[str, Cell]]:
    groups: dict[tuple[str, str, str], Counter[str]] = {}
    for each in results:
        key = (each.key.implementation, each.key.dtype, each.status)
        groups.setdefault(key, Counter())[each.reason] += 1
    for (implementation, dtype, status), reasons in sorted(groups.items()):
        yield {
            "implementation": implementation,
            "dtype": dtype,
            "status": status,
            "results": reasons.total(),
            "reason": reasons.most_common(1)[0][0] or None,
        }


def _models(suite: BoundSuite) -> Iterator[Mapping[str, Cell]]:
    for each in suite.models:
        yield {
            "model": each.name,
            "batch_size": each.batch,
            "layers": each.layers,
            "bricks": len(each.bricks),
        }
