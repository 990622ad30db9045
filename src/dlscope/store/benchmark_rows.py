"""Benchmarks and their results in the rows of the database: written, read back, found."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from sqlalchemy import Column, ColumnElement, Select, func, select, update
from sqlalchemy.engine import Connection, RowMapping

from dlscope.core.errors import StoreError
from dlscope.core.run import Environment
from dlscope.store import schema
from dlscope.store.benchmark_key import KEY_FIELDS, BenchmarkFilter, BenchmarkKey
from dlscope.store.benchmark_result import Benchmark, BenchmarkResult, plain_text
from dlscope.store.plain import from_text
from dlscope.store.rows import in_parts, insert_once, unless_there

_MEASURED = frozenset({"ok", "unsupported"})
_STATISTICS = ("median_ns", "p20_ns", "min_ns", "trimmed_mean_ns", "ci_lo_ns", "ci_hi_ns")


def write_benchmark(connection: Connection, benchmark: Benchmark) -> Benchmark:
    """Insert `benchmark` where its id is not stored; the one stored under its id."""
    if insert_once(connection, schema.benchmarks, _benchmark_row(benchmark)):
        return benchmark
    return read_benchmarks(connection, [benchmark.brick_id])[0]


def write_work(connection: Connection, benchmark: Benchmark) -> None:
    """Bring the stored work of `benchmark` up to date."""
    same = schema.benchmarks.c.brick_id == benchmark.brick_id
    work = plain_text(benchmark.work)
    connection.execute(update(schema.benchmarks).where(same).values(work=work))


def read_benchmarks(connection: Connection, brick_ids: Iterable[str]) -> list[Benchmark]:
    """Those of the benchmarks with these ids that are stored, sorted by id."""
    table, wanted = schema.benchmarks, sorted(set(brick_ids))
    found = _chosen(
        connection, lambda some: select(table).where(table.c.brick_id.in_(some)), wanted
    )
    return sorted((_benchmark(row) for row in found), key=lambda each: each.brick_id)


def result_rows(results: Iterable[BenchmarkResult]) -> list[dict[str, Any]]:
    """Rows to insert, their statistics worked out."""
    return [_result_row(result) for result in results]


def insert_results(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Insert rows of results; the ids of those that were inserted because they were not there."""
    if not rows:
        return set()
    table = schema.benchmark_results
    statement = unless_there(connection, table).returning(table.c.id)
    return set(connection.execute(statement, rows).scalars())


def unknown(connection: Connection, column: Column[str], values: Iterable[str]) -> list[str]:
    """Those of `values` that are not in `column`, sorted."""
    wanted = sorted(set(values))
    found = _chosen(connection, lambda some: select(column).where(column.in_(some)), wanted)
    return sorted(set(wanted) - {row[column.name] for row in found})


def read_results(connection: Connection, ids: Sequence[str]) -> dict[str, BenchmarkResult]:
    """The results with these ids that are stored, by id."""
    table = schema.benchmark_results
    found = _chosen(connection, lambda some: select(table).where(table.c.id.in_(some)), ids)
    return {row["id"]: _result(row) for row in found}


def matching(
    connection: Connection, wanted: BenchmarkFilter, *, history: bool = False
) -> list[BenchmarkResult]:
    """The newest result of each key that `wanted` accepts, or all of them; by key, oldest first."""
    conditions = _conditions(wanted)
    table = schema.benchmark_results
    query = select(table).where(*conditions) if history else _newest(conditions)
    if wanted.status is not None:
        query = query.where(table.c.status == wanted.status)
    rows = connection.execute(query.order_by(table.c.position)).mappings()
    # Databases order text by rules of their own.
    return sorted(map(_result, rows), key=lambda result: result.key.order)


def newest_starts(connection: Connection, key_digests: Iterable[str]) -> dict[str, str]:
    """When the newest result of each of `key_digests` began that has one."""
    columns = schema.benchmark_results.c
    rows = _newest_of(connection, sorted(set(key_digests)), columns.started_utc)
    return {row["key_digest"]: row["started_utc"] for row in rows}


def measured(connection: Connection, key_digests: Sequence[str]) -> set[str]:
    """Those of `key_digests` whose newest result is ok or unsupported."""
    rows = _newest_of(connection, key_digests, schema.benchmark_results.c.status)
    return {row["key_digest"] for row in rows if row["status"] in _MEASURED}


def environments(connection: Connection, fingerprints: Iterable[str]) -> list[Environment]:
    """The environments with these fingerprints, sorted by them."""
    table, wanted = schema.environments, sorted(set(fingerprints))
    found = _chosen(
        connection, lambda some: select(table).where(table.c.fingerprint.in_(some)), wanted
    )
    by_fingerprint = {row["fingerprint"]: Environment(**from_text(row["json"])) for row in found}
    return [by_fingerprint[each] for each in wanted if each in by_fingerprint]


def _chosen(
    connection: Connection, query: Callable[[Sequence[str]], Select[Any]], values: Sequence[str]
) -> list[RowMapping]:
    """Rows of the query that `query` makes of some of `values`, for all of them."""
    parts = (connection.execute(query(some)).mappings() for some in in_parts(values))
    return [row for part in parts for row in part]


def _newest_of(
    connection: Connection, key_digests: Sequence[str], column: Column[Any]
) -> list[RowMapping]:
    """`key_digest` and `column` of the newest row of each of these keys that has one."""
    key_digest = schema.benchmark_results.c.key_digest
    return _chosen(
        connection, lambda some: _newest([key_digest.in_(some)], key_digest, column), key_digests
    )


def _newest(conditions: Sequence[ColumnElement[bool]], *columns: Any) -> Select[Any]:
    """Of the rows that fit, the newest of each key: `columns` of it, or all."""
    table = schema.benchmark_results
    last = select(func.max(table.c.position)).where(*conditions).group_by(table.c.key_digest)
    return select(*(columns or (table,))).where(table.c.position.in_(last))


def _conditions(wanted: BenchmarkFilter) -> list[ColumnElement[bool]]:
    columns = schema.benchmark_results.c
    given = {name: getattr(wanted, name) for name in KEY_FIELDS}
    conditions = [columns[name] == value for name, value in given.items() if value is not None]
    if wanted.kind is not None:
        bricks = select(schema.benchmarks.c.brick_id).where(schema.benchmarks.c.kind == wanted.kind)
        conditions.append(columns.brick_id.in_(bricks))
    return conditions


def _benchmark_row(benchmark: Benchmark) -> dict[str, str]:
    return {
        "brick_id": benchmark.brick_id,
        "kind": benchmark.kind,
        "canonical": plain_text(benchmark.canonical),
        "work": plain_text(benchmark.work),
    }


def _benchmark(row: RowMapping) -> Benchmark:
    canonical, work = (_data(row, name) for name in ("canonical", "work"))
    return Benchmark(row["brick_id"], row["kind"], canonical, work)


def _result_row(result: BenchmarkResult) -> dict[str, Any]:
    return asdict(result.key) | {
        "id": result.id,
        "key_digest": result.key.digest,
        "status": result.status,
        "reason": result.reason,
        "n": result.n,
        **_statistics(result),
        "workspace_bytes": result.workspace_bytes,
        "samples": zlib.compress(np.asarray(result.samples_ns, dtype="<i8").tobytes()),
        "started_utc": result.started_utc,
        "extra": plain_text(result.extra),
    }


def _statistics(result: BenchmarkResult) -> dict[str, Any]:
    if not result.n:
        return dict.fromkeys(_STATISTICS)
    lo, hi = result.interval_ns
    simple = {name: getattr(result, name) for name in _STATISTICS[:4]}
    return simple | {"ci_lo_ns": lo, "ci_hi_ns": hi}


def _result(row: RowMapping) -> BenchmarkResult:
    return BenchmarkResult(
        key=BenchmarkKey(**{name: row[name] for name in KEY_FIELDS}),
        status=row["status"],
        reason=row["reason"],
        samples_ns=_samples(row),
        workspace_bytes=row["workspace_bytes"],
        started_utc=row["started_utc"],
        extra=_data(row, "extra"),
    )


def _data(row: RowMapping, name: str) -> Any:
    try:
        return json.loads(row[name])
    except ValueError as error:
        raise _damaged(row, name, "it is not JSON") from error


def _samples(row: RowMapping) -> list[int]:
    try:
        samples: list[int] = np.frombuffer(zlib.decompress(row["samples"]), "<i8").tolist()
    except (zlib.error, ValueError) as error:
        raise _damaged(row, "samples", str(error)) from error
    if len(samples) != row["n"]:
        raise _damaged(row, "samples", f"there are {len(samples)} instead of {row['n']}")
    return samples


def _damaged(row: RowMapping, column: str, reason: str) -> StoreError:
    return StoreError(
        f"{column} of benchmark {row['brick_id']!r} cannot be read: {reason}",
        where=f"result {row['id']}" if "id" in row else "the description of the benchmark",
        fix="restore the store from a copy or an export, or measure again",
    )
