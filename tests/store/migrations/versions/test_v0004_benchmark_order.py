from __future__ import annotations

from collections.abc import Callable

from alembic import command
from sqlalchemy import create_engine, insert

from dlscope.store import Store, benchmark_rows, schema
from dlscope.store.benchmark_result import Benchmark, BenchmarkResult
from dlscope.store.location import Location
from dlscope.store.migrations.upgrade import _config
from dlscope.store.rows import write_environment
from dlscope.testing.stores import sample_environment

_DAYS = [f"2026-03-{day:02d}T00:00:00.000000Z" for day in (4, 9, 2)]


def test_what_began_last_remains_the_newest(
    untouched: Location, result: Callable[..., BenchmarkResult]
) -> None:
    some = [result(started_utc=day) for day in _DAYS]
    engine = create_engine(untouched.url)
    untouched.folder.mkdir(exist_ok=True)
    with engine.begin() as connection:
        command.upgrade(_config(connection), "0003")
        write_environment(connection, sample_environment())
        benchmark_rows.write_benchmark(connection, Benchmark("b1", "layer", {}, {}))
        connection.execute(
            insert(schema.benchmark_results), benchmark_rows.result_rows([*some, result(batch=2)])
        )
    engine.dispose()
    with Store.open(untouched.url, folder=untouched.folder) as store:
        history = store.benchmarks.history(some[0].key)
        assert [each.started_utc for each in history] == sorted(_DAYS)
        assert history == sorted(some, key=lambda each: each.started_utc)
        store.benchmarks.accept([after := result(started_utc="2026-01-01T00:00:00Z")])
        assert store.benchmarks.rows() == [after, result(batch=2)]
