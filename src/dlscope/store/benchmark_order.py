"""The order of results of benchmarks: what was stored last is the newest, whatever a clock said.

A clock that is set back would otherwise let an old result stand before every new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from dlscope.store import schema
from dlscope.store.benchmark_rows import newest_starts

Row = Mapping[str, Any]
_WRITING_LOCK = 7_236_190_115  # any number will do, as long as it stays the same


def behind_all(connection: Connection, rows: Iterable[Row]) -> list[Row]:
    """`rows` with positions behind all that is stored, in the order they are given."""
    _lock(connection)
    return _numbered(rows, _end(connection, func.max) + 1)


def among_all(connection: Connection, rows: Sequence[Row]) -> list[Row]:
    """`rows` of another store with positions: behind all that is stored, or before it.

    Those that began no later than the newest result of their key that is stored here come before.
    The order of `rows` remains among those on one side.
    """
    _lock(connection)
    newest = newest_starts(connection, (row["key_digest"] for row in rows))
    early = [row for row in rows if row["started_utc"] <= newest.get(row["key_digest"], "")]
    late = [row for row in rows if row["started_utc"] > newest.get(row["key_digest"], "")]
    before = _numbered(early, _end(connection, func.min) - len(early))
    return before + _numbered(late, _end(connection, func.max) + 1)


def _numbered(rows: Iterable[Row], first: int) -> list[Row]:
    return [{**row, "position": position} for position, row in enumerate(rows, first)]


def _end(connection: Connection, extreme: Any) -> int:
    """The first or the last position that is taken; 0 in an empty store."""
    query = select(func.coalesce(extreme(schema.benchmark_results.c.position), 0))
    return int(connection.execute(query).scalar_one())


def _lock(connection: Connection) -> None:
    """Let nobody else take positions until the transaction ends; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_WRITING_LOCK)))
