from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import select

from dlscope.store import benchmark_rows, schema
from dlscope.store.base import Store
from dlscope.store.benchmark_order import among_all, behind_all
from dlscope.testing.stores import sample_environment


def positions(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    return [row["position"] for row in rows]


@pytest.fixture
def filled(store: Store, result) -> Store:
    """One result at position 1."""
    store.benchmarks.accept([result()], environment=sample_environment())
    return store


def test_an_empty_store_begins_at_1(store: Store, result) -> None:
    rows = benchmark_rows.result_rows([result(), result(batch=2)])
    with store._database.writing() as connection:
        assert positions(behind_all(connection, rows)) == [1, 2]
        assert positions(among_all(connection, rows)) == [1, 2]
        assert behind_all(connection, []) == among_all(connection, []) == []


def test_what_is_stored_comes_last(filled: Store, result) -> None:
    filled.benchmarks.accept([result(batch=3), result(batch=2)])
    columns = schema.benchmark_results.c
    with filled._database.reading() as connection:
        rows = connection.execute(select(columns.batch).order_by(columns.position)).scalars()
        assert list(rows) == [1, 3, 2]


def test_older_results_of_another_store_come_first(filled: Store, result) -> None:
    days = [f"2026-{month}T00:00:00Z" for month in ("02-01", "02-02", "04-01")]
    rows = benchmark_rows.result_rows([result(started_utc=day) for day in days])
    with filled._database.writing() as connection:
        assert positions(among_all(connection, rows)) == [-1, 0, 2]
