"""No network beyond this machine, no hub look-ups, a throw-away store, a PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from dlscope.testing.postgresql import PostgresqlServer, postgresql_programs

LOOPBACK = "127.0.0.0/8,::1,localhost"
_STORE = pytest.StashKey[str]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    # These are pytest-socket's own options; set here they hold however pytest is started.
    config.option.allow_hosts = config.option.allow_hosts or LOOPBACK
    config.option.allow_unix_socket = True
    os.environ["HF_HUB_OFFLINE"] = "1"
    # Where a shell started the tests in the background, Ctrl-C is ignored: by what they start, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.stash[_STORE] = tempfile.mkdtemp(prefix="dlscope-store-")
    os.environ["DLSCOPE_STORE"] = config.stash[_STORE]


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[_STORE], ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """A server of this process's own; where there is none to start, CI fails and others skip."""
    if find_spec("psycopg") is None or postgresql_programs() is None:
        refuse = pytest.fail if os.environ.get("CI") else pytest.skip
        refuse("there is no PostgreSQL or no driver: pip install 'dlscope[dev,postgres]'")
    with PostgresqlServer.start() as server:
        yield server


@pytest.fixture
def untouched_url(postgresql: PostgresqlServer) -> Iterator[str]:
    """A new database, without a table."""
    with postgresql.database() as url:
        yield url


@pytest.fixture(scope="session")
def _store_url(postgresql: PostgresqlServer) -> Iterator[str]:
    with postgresql.database() as url:
        yield url


@pytest.fixture
def emptied_url(postgresql: PostgresqlServer, _store_url: str) -> str:
    """A database that held stores of other tests: their tables may be there, their rows are not.

    A new one for each test would take longer than most of them.
    """
    postgresql.empty(_store_url)
    return _store_url
