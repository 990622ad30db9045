"""`Benchmarks`: measured times of layers and bricks, kept in the database of a store.

`store.benchmarks` gives one. Rows are only ever added, and of several results of one key the
newest is read: the one that was stored last. What is measured is described first; its environment
comes with the results.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, final

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from dlscope.core.errors import StoreError
from dlscope.core.run import Environment
from dlscope.core.whole_file import unwritable
from dlscope.store import benchmark_rows, schema
from dlscope.store.benchmark_exchange import append_bundle, read_bundle
from dlscope.store.benchmark_key import BenchmarkFilter, BenchmarkKey, Kind
from dlscope.store.benchmark_order import among_all, behind_all
from dlscope.store.benchmark_result import Benchmark, BenchmarkResult, Bundle
from dlscope.store.database import Database
from dlscope.store.google_benchmark import read_google_benchmark
from dlscope.store.rows import write_environment

__all__ = [
    "Benchmark",
    "BenchmarkFilter",
    "BenchmarkKey",
    "BenchmarkResult",
    "Benchmarks",
    "Imported",
]


@final
@dataclass(frozen=True)
class Imported:
    """How many results of a file were stored, were `known` before, or were left out."""

    stored: int
    known: int
    left_out: int = 0


@final
class Benchmarks:
    """The benchmark database of a store; threads and processes may use it together."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self, brick_id: str, kind: Kind, canonical: Any, work: Any) -> None:
        """Say what `brick_id` is: its canonical form and the work it does, as plain data.

        Describing it again brings its work up to date. A brick of one layer is a layer and a brick
        both: it keeps the kind it was given first. Raises `StoreError` for another canonical form.
        """
        benchmark = Benchmark(brick_id, kind, canonical, work)
        with self._database.writing() as connection:
            self._describe(connection, benchmark)
            benchmark_rows.write_work(connection, benchmark)

    def accept(
        self,
        results: Iterable[BenchmarkResult],
        *,
        environment: Environment | None = None,
        benchmarks: Iterable[Benchmark] = (),
    ) -> int:
        """Store all of `results`, or none of them; how many there were.

        `environment` is the one they were measured on, `benchmarks` what was measured: needed
        where they are not stored yet. Raises
        `StoreError` for a benchmark that was not described, an environment that is not stored, and
        a key that has a result with the same start.
        """
        environments = () if environment is None else (environment,)
        bundle = Bundle(environments, tuple(benchmarks), tuple(results))
        for repeated in _repeated_in(bundle.results):
            raise self._repeated(repeated)
        return self._store(bundle, is_import=False)

    def present(self, keys: Collection[BenchmarkKey]) -> set[BenchmarkKey]:
        """Those of `keys` that need not be measured: their newest result is ok or unsupported."""
        by_digest = {key.digest: key for key in keys}
        with self._database.reading() as connection:
            found = benchmark_rows.measured(connection, list(by_digest))
        return {by_digest[each] for each in found}

    def rows(
        self,
        wanted: BenchmarkFilter | None = None,
        *,
        compare: bool = False,
        mixed_versions: bool = False,
    ) -> list[BenchmarkResult]:
        """The newest result of each key that `wanted` accepts, in the order of the keys.

        Raises `StoreError` for results of several environments unless they are there to `compare`,
        and of several versions of the tool that measured, unless `mixed_versions`.
        """
        with self._database.reading() as connection:
            found = benchmark_rows.matching(connection, wanted or BenchmarkFilter())
            if not compare:
                self._refuse_several_systems(connection, found)
        if not mixed_versions:
            self._refuse_several_versions(found)
        return found

    def best(
        self,
        brick_id: str,
        fingerprint: str,
        where: BenchmarkFilter | None = None,
        *,
        mixed_versions: bool = False,
    ) -> BenchmarkResult | None:
        """The result with the smallest median among those that are ok; None without any.

        Of equal medians the first in the order of the keys. Raises `StoreError` as `rows` does.
        """
        wanted = where or BenchmarkFilter()
        wanted = replace(wanted, brick_id=brick_id, fingerprint=fingerprint, status="ok")
        found = self.rows(wanted, mixed_versions=mixed_versions)
        return min(found, key=lambda result: result.median_ns, default=None)

    def history(self, key: BenchmarkKey) -> list[BenchmarkResult]:
        """Every result of `key`, oldest first."""
        with self._database.reading() as connection:
            return benchmark_rows.matching(connection, BenchmarkFilter(**asdict(key)), history=True)

    def result(self, result_id: str) -> BenchmarkResult:
        """The result with this id. Raises `StoreError` when there is none."""
        with self._database.reading() as connection:
            found = benchmark_rows.read_results(connection, [result_id])
        if not found:
            raise StoreError(
                f"there is no benchmark result {result_id!r}",
                where=self._database.where,
                fix="use the id of a result that was read from this store",
            )
        return found[result_id]

    def benchmark(self, brick_id: str) -> Benchmark:
        """The benchmark described as `brick_id`. Raises `StoreError` when there is none."""
        with self._database.reading() as connection:
            found = benchmark_rows.read_benchmarks(connection, [brick_id])
        if not found:
            raise self._undescribed(brick_id)
        return found[0]

    def canonical(self, brick_id: str) -> Any:
        """What `brick_id` computes, as it was described. Raises `StoreError` for an unknown one."""
        return self.benchmark(brick_id).canonical

    def fingerprints(self) -> tuple[str, ...]:
        """Fingerprints of the environments that have results, sorted."""
        query = select(schema.benchmark_results.c.fingerprint).distinct()
        with self._database.reading() as connection:
            return tuple(sorted(connection.scalars(query)))

    def environment(self, beginning: str) -> Environment:
        """The environment with results whose fingerprint begins like that.

        Raises `StoreError` where there is none, or more than one.
        """
        known = self.fingerprints()
        found = [each for each in known if each.startswith(beginning)]
        if len(found) != 1:
            listed = ", ".join(each[:12] for each in found or known)
            raise StoreError(
                f"{len(found)} environments with results begin with {beginning!r}",
                where=self._database.where,
                fix=f"use one of {listed}" if listed else "read some: dlscope bound import FILE",
            )
        with self._database.reading() as connection:
            return benchmark_rows.environments(connection, found)[0]

    def count(self) -> int:
        """How many results are stored; it grows with each, since rows are only ever added."""
        query = select(func.count()).select_from(schema.benchmark_results)
        with self._database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def export(self, path: Path, wanted: BenchmarkFilter | None = None) -> int:
        """Add the results that `wanted` accepts to the file at `path`; how many were not in it.

        Older results of a key go with the newest. See `dlscope.store.benchmark_exchange`. Raises
        `FileError` where it cannot be written.
        """
        with self._database.reading() as connection:
            results = benchmark_rows.matching(connection, wanted or BenchmarkFilter(), history=True)
            fingerprints = (each.key.fingerprint for each in results)
            environments = benchmark_rows.environments(connection, fingerprints)
            bricks = (each.key.brick_id for each in results)
            benchmarks = benchmark_rows.read_benchmarks(connection, bricks)
        bundle = Bundle(tuple(environments), tuple(benchmarks), tuple(results))
        try:
            return append_bundle(path, bundle)
        except OSError as error:
            raise unwritable(error, path) from error

    def import_(self, path: Path) -> Imported:
        """Store what `export` wrote; results that are here already are left as they are.

        An imported result is older than the newest of its key here unless it began later. The whole
        file is checked before anything is stored. Raises `StoreError` for a malformed line, and for
        a result or a benchmark that contradicts what is stored.
        """
        return self._import(read_bundle(path))

    def import_google_benchmark(self, path: Path, *, kind: Kind = "layer") -> Imported:
        """Store the results of a file of Google Benchmark, its aggregates left out.

        See `dlscope.store.google_benchmark`.
        """
        file = read_google_benchmark(path, kind=kind)
        return replace(self._import(file.bundle), left_out=file.aggregates)

    def _import(self, bundle: Bundle) -> Imported:
        stored = self._store(bundle, is_import=True)
        return Imported(stored, len(bundle.results) - stored)

    def _store(self, bundle: Bundle, *, is_import: bool) -> int:
        """How many results were stored; the others were there before."""
        # Made first: their statistics take time, and nobody else can write in a transaction.
        rows = benchmark_rows.result_rows(bundle.results)
        with self._database.writing() as connection:
            for environment in sorted(bundle.environments, key=lambda each: each.fingerprint):
                write_environment(connection, environment)
            for benchmark in sorted(bundle.benchmarks, key=lambda each: each.brick_id):
                self._describe(connection, benchmark)
            self._check_references(connection, bundle.results)
            placed = among_all(connection, rows) if is_import else behind_all(connection, rows)
            inserted = benchmark_rows.insert_results(connection, placed)
            if len(inserted) < len(rows):
                self._check_repeated(connection, bundle.results, inserted, is_import=is_import)
        return len(inserted)

    def _describe(self, connection: Connection, benchmark: Benchmark) -> None:
        stored = benchmark_rows.write_benchmark(connection, benchmark)
        if stored.canonical != benchmark.canonical:
            raise StoreError(
                f"benchmark {benchmark.brick_id!r} is already described as something else",
                where=self._database.where,
                fix="make the id from the canonical form, so that each has its own",
            )

    def _check_references(self, connection: Connection, results: Sequence[BenchmarkResult]) -> None:
        bricks = (result.key.brick_id for result in results)
        for brick_id in benchmark_rows.unknown(connection, schema.benchmarks.c.brick_id, bricks):
            raise self._undescribed(brick_id)
        places = (result.key.fingerprint for result in results)
        known = schema.environments.c.fingerprint
        for fingerprint in benchmark_rows.unknown(connection, known, places):
            raise StoreError(
                f"environment {fingerprint[:12]!r} of a result is not stored",
                where=self._database.where,
                fix="give the environment with the results: accept(results, environment=…)",
            )

    def _check_repeated(
        self,
        connection: Connection,
        results: Sequence[BenchmarkResult],
        inserted: set[str],
        *,
        is_import: bool,
    ) -> None:
        stored = benchmark_rows.read_results(connection, [result.id for result in results])
        differing = [
            result
            for result in results
            if result.id not in inserted and not (is_import and stored[result.id] == result)
        ]
        if differing:
            raise self._repeated(differing[0])

    def _repeated(self, result: BenchmarkResult) -> StoreError:
        key = result.key
        return StoreError(
            f"a result of benchmark {key.brick_id!r} by {key.implementation}, "
            f"started {result.started_utc}, is already stored",
            where=self._database.where,
            fix="results are never replaced: measure again, and the later one is read",
        )

    def _refuse_several_systems(
        self, connection: Connection, results: Sequence[BenchmarkResult]
    ) -> None:
        fingerprints = {result.key.fingerprint for result in results}
        if len(fingerprints) > 1:
            systems = benchmark_rows.environments(connection, fingerprints)
            listing = " and ".join(f"{_system(each)} ({each.fingerprint[:12]})" for each in systems)
            raise StoreError(
                f"the results come from {len(systems)} environments: {listing}",
                where=self._database.where,
                fix="choose one with fingerprint=…, or set them side by side with compare=True",
            )

    def _refuse_several_versions(self, results: Sequence[BenchmarkResult]) -> None:
        versions = sorted({result.key.tool_version for result in results})
        if len(versions) > 1:
            listing = " and ".join(map(repr, versions))
            raise StoreError(
                f"the results were measured by {len(versions)} versions of the tool: {listing}",
                where=self._database.where,
                fix="choose one with tool_version=…, or pass mixed_versions=True",
            )

    def _undescribed(self, brick_id: str) -> StoreError:
        return StoreError(
            f"benchmark {brick_id!r} is not described",
            where=self._database.where,
            fix="describe it first: store.benchmarks.describe(brick_id, kind, canonical, work)",
        )


def _repeated_in(results: Sequence[BenchmarkResult]) -> list[BenchmarkResult]:
    times = Counter(result.id for result in results)
    return [result for result in results if times[result.id] > 1]


def _system(environment: Environment) -> str:
    return str(environment.system.get("name") or "an unnamed system")
