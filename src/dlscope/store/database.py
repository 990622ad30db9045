"""`Database`: connections to SQLite or PostgreSQL, at the schema this version writes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final

from sqlalchemy import create_engine, event, inspect, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import OperationalError

from dlscope.core.errors import StoreError
from dlscope.store import schema
from dlscope.store.location import Location
from dlscope.store.refusal import refusals

_VERSION_TABLE = "alembic_version"
_REACH_S = 10
_MIGRATION_LOCK = 7_236_190_114  # any number will do, as long as it stays the same


@final
class Database:
    """The database of a store. Threads and processes may use it at the same time."""

    def __init__(self, location: Location, *, busy_timeout_s: float) -> None:
        self.where = location.shown
        self._busy_timeout_s = busy_timeout_s
        self._is_sqlite = location.is_sqlite
        self._engine = _engine(location, busy_timeout_s)
        self._writer = self._engine.execution_options(writes=True)
        self._bare = _without_transactions(self._engine, is_sqlite=self._is_sqlite)

    def prepare(self) -> None:
        """Create or migrate the schema where needed.

        Raises `StoreError` when the schema is newer than this version of dlscope knows.
        """
        with refusals(self.where):
            if self._revision() == schema.REVISION:
                return
            if self._is_sqlite:
                self._write_ahead()
            with self._writer.begin() as connection:
                self._lock_migration(connection)
                # Another process may have migrated while this one waited for the lock.
                if _read_revision(connection) != schema.REVISION:
                    _migrate(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one consistent state."""
        with refusals(self.where), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection in a transaction, committed at the end or rolled back on an error."""
        with refusals(self.where), self._writer.begin() as connection:
            yield connection

    def compact(self) -> None:
        """Give the space of deleted rows back."""
        with refusals(self.where), self._bare.connect() as connection:
            connection.execute(text("VACUUM"))

    def size_bytes(self) -> int:
        """Bytes the database takes."""
        if self._is_sqlite:
            stem = Path(self.where)
            files = (stem, stem.with_name(f"{stem.name}-wal"), stem.with_name(f"{stem.name}-shm"))
            return sum(file.stat().st_size for file in files if file.exists())
        with self.reading() as connection:
            size = text("SELECT pg_database_size(current_database())")
            return int(connection.execute(size).scalar_one())

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _revision(self) -> str | None:
        with self._engine.connect() as connection:
            revision = _read_revision(connection)
        if revision is not None and revision > schema.REVISION:
            raise StoreError(
                f"the store has schema {revision}, this dlscope knows up to {schema.REVISION}",
                where=self.where,
                fix="upgrade dlscope: pip install --upgrade dlscope",
            )
        return revision

    def _write_ahead(self) -> None:
        # SQLite answers "locked" here at once, without waiting, when another process is first.
        deadline = time.monotonic() + self._busy_timeout_s
        while True:
            try:
                with self._bare.connect() as connection:
                    connection.execute(text("PRAGMA journal_mode = WAL"))
                return
            except OperationalError as error:
                if "locked" not in str(error.orig) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def _lock_migration(self, connection: Connection) -> None:
        if not self._is_sqlite:
            lock = text("SELECT pg_advisory_xact_lock(:key)")
            connection.execute(lock, {"key": _MIGRATION_LOCK})


def _read_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()
    return None if found is None else str(found)


def _migrate(connection: Connection) -> None:
    # Alembic costs about a second to import, which a store that is up to date never pays.
    from dlscope.store.migrations.upgrade import upgrade

    upgrade(connection)


def _engine(location: Location, busy_timeout_s: float) -> Engine:
    try:
        if location.is_sqlite:
            engine = create_engine(location.url)
            _steer_sqlite(engine, busy_timeout_ms=round(busy_timeout_s * 1000))
        else:
            engine = _server_engine(location.url, busy_timeout_ms=round(busy_timeout_s * 1000))
    except ModuleNotFoundError as error:
        raise StoreError(
            f"a PostgreSQL store needs {error.name!r}, which is not installed",
            where=location.shown,
            fix="pip install 'psycopg[binary]'",
        ) from error
    return engine


def _server_engine(url: str, *, busy_timeout_ms: int) -> Engine:
    """Connections that wait for a lock no longer than told, and are new after a restart."""
    # A server that is gone answers nothing: the driver alone would wait for minutes.
    told = {"options": f"-c lock_timeout={busy_timeout_ms}", "connect_timeout": _REACH_S}
    return create_engine(url, pool_pre_ping=True, connect_args=told)


def _steer_sqlite(engine: Engine, *, busy_timeout_ms: int) -> None:
    """Make SQLite transactions begin where SQLAlchemy says, and writers queue for the lock.

    The driver by itself begins a transaction late and upgrades it from reading to writing, which
    fails at once instead of waiting when another process writes in between.
    """

    @event.listens_for(engine, "connect")
    def configure(connection: Any, record: Any) -> None:
        del record
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {busy_timeout_ms}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("bare", False):
            is_writer = options.get("writes", False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")


def _without_transactions(engine: Engine, *, is_sqlite: bool) -> Engine:
    # SQLAlchemy's own autocommit would leave the SQLite driver in its late-beginning mode.
    if is_sqlite:
        return engine.execution_options(bare=True)
    return engine.execution_options(isolation_level="AUTOCOMMIT")
