from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from sqlalchemy import select, update

from dlscope.core.errors import StoreError
from dlscope.store import benchmark_rows, schema
from dlscope.store.base import Store
from dlscope.store.benchmarks import BenchmarkFilter, BenchmarkResult
from dlscope.testing.stores import sample_environment

Make = Callable[..., BenchmarkResult]


@pytest.fixture
def filled(store: Store, result: Make) -> Iterator[Store]:
    store.benchmarks.accept([result()], environment=sample_environment())
    yield store


def test_a_row_tells_the_statistics_without_its_samples(filled: Store, result: Make) -> None:
    columns = schema.benchmark_results.c
    names = ("n", "median_ns", "p20_ns", "min_ns", "trimmed_mean_ns", "ci_lo_ns", "ci_hi_ns")
    with filled._database.reading() as connection:
        row = connection.execute(select(*(columns[name] for name in names))).one()
    one = result()
    statistics = (one.n, one.median_ns, one.p20_ns, one.min_ns, one.trimmed_mean_ns)
    assert tuple(row) == (*statistics, *one.interval_ns)


def test_a_row_without_samples_has_no_statistics(store: Store, result: Make) -> None:
    failed = result(status="failed", reason="it crashed", samples_ns=())
    store.benchmarks.accept([failed], environment=sample_environment())
    columns = schema.benchmark_results.c
    with store._database.reading() as connection:
        row = connection.execute(select(columns.n, columns.median_ns, columns.ci_hi_ns)).one()
    assert tuple(row) == (0, None, None)


def test_samples_are_little_endian_int64_in_the_order_they_were_taken(filled: Store) -> None:
    with filled._database.reading() as connection:
        blob = connection.execute(select(schema.benchmark_results.c.samples)).scalar_one()
    assert np.frombuffer(zlib.decompress(blob), "<i8").tolist() == [300, 100, 200]


def test_as_many_keys_are_found_as_are_asked_for(store: Store, result: Make) -> None:
    many = [result(process=number) for number in range(1_201)]
    assert store.benchmarks.accept(many, environment=sample_environment()) == len(many)
    digests = [each.key.digest for each in many]
    with store._database.reading() as connection:
        assert benchmark_rows.measured(connection, digests) == set(digests)


@pytest.mark.parametrize(
    ("blob", "reason"),
    [
        (b"not zlib", "Error -3 while decompressing data: incorrect header check"),
        (zlib.compress(b"1234567"), "buffer size must be a multiple of element size"),
        (zlib.compress(bytes(16)), "there are 2 instead of 3"),
    ],
)
def test_refuses_damaged_samples(blob: bytes, reason: str, filled: Store, result: Make) -> None:
    with filled._database.writing() as connection:
        connection.execute(update(schema.benchmark_results).values(samples=blob))
    with pytest.raises(StoreError) as caught:
        filled.benchmarks.rows()
    assert str(caught.value) == (
        f"StoreError: samples of benchmark 'b1' cannot be read: {reason}\n"
        f"  where  result {result().id}\n"
        "  fix    restore the store from a copy or an export, or measure again"
    )


def test_refuses_damaged_text(filled: Store, result: Make) -> None:
    with filled._database.writing() as connection:
        connection.execute(update(schema.benchmark_results).values(extra="{"))
        connection.execute(update(schema.benchmarks).values(canonical=""))
    with pytest.raises(StoreError) as extra:
        filled.benchmarks.rows()
    with pytest.raises(StoreError) as canonical:
        filled.benchmarks.canonical("b1")
    fix = "restore the store from a copy or an export, or measure again"
    assert str(extra.value) == (
        "StoreError: extra of benchmark 'b1' cannot be read: it is not JSON\n"
        f"  where  result {result().id}\n"
        f"  fix    {fix}"
    )
    assert str(canonical.value) == (
        "StoreError: canonical of benchmark 'b1' cannot be read: it is not JSON\n"
        "  where  the description of the benchmark\n"
        f"  fix    {fix}"
    )


def test_a_damaged_result_hides_no_other(filled: Store, result: Make) -> None:
    filled.benchmarks.accept([result(brick_id="b2")])
    table = schema.benchmark_results
    with filled._database.writing() as connection:
        damaged = update(table).where(table.c.brick_id == "b1").values(samples=b"")
        connection.execute(damaged)
    assert filled.benchmarks.rows(BenchmarkFilter(brick_id="b2")) == [result(brick_id="b2")]
