from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dlscope.core.errors import StoreError
from dlscope.core.run import Run
from dlscope.store.base import Store
from dlscope.store.refusal import is_passing
from dlscope.store.spool import Spool
from dlscope.testing.postgresql import PostgresqlServer
from dlscope.testing.stores import assert_same_run, sample_plan, sample_run


@pytest.fixture
def server(postgresql: PostgresqlServer) -> Iterator[PostgresqlServer]:
    """The server; a test that stops it may forget to start it again."""
    yield postgresql
    postgresql.stop()
    postgresql.run()


@pytest.fixture
def shared(emptied_url: str, tmp_path: Path) -> Iterator[Store]:
    """A store on the server that waits for a lock only shortly."""
    with Store.open(emptied_url, folder=tmp_path, busy_timeout_s=0.1) as store:
        yield store


def _refusal(work: Callable[[], object]) -> StoreError:
    with pytest.raises(StoreError) as caught:
        work()
    return caught.value


def test_waits_for_a_lock_on_the_server_and_then_refuses(shared: Store, emptied_url: str) -> None:
    import psycopg  # imported where a server is there: without its driver this is skipped

    with psycopg.connect(emptied_url.replace("+psycopg", "")) as other:
        other.execute("LOCK TABLE runs IN EXCLUSIVE MODE")
        refused = _refusal(lambda: shared.accept(sample_run("r1")))
        assert refused.describe() == (
            "StoreError: the store is locked by another process\n"
            f"  where  {emptied_url}\n"
            "  fix    wait until that process has finished and try again"
        )
        assert is_passing(refused)
        assert shared.runs() == []
    assert shared.accept(sample_run("r1"))


def test_a_server_that_is_gone_is_a_stated_error(
    shared: Store, server: PostgresqlServer, emptied_url: str
) -> None:
    server.stop()
    refused = _refusal(shared.runs)
    assert refused.describe() == (
        "StoreError: the database server of the store cannot be reached\n"
        f"  where  {emptied_url}\n"
        "  fix    start the server and check the URL, or choose another place with $DLSCOPE_STORE"
    )
    assert is_passing(refused)


def test_goes_on_with_a_server_that_was_started_again(
    shared: Store, server: PostgresqlServer
) -> None:
    shared.accept(sample_run("r1"))
    server.stop()
    server.run()
    assert [run.id for run in shared.runs()] == ["r1"]


def test_a_server_lost_while_a_run_is_stored_has_none_of_it(
    shared: Store, server: PostgresqlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = shared._files.publish

    def lose(temporary: Path, run_id: str) -> None:
        publish(temporary, run_id)
        server.stop()

    with monkeypatch.context() as losing:
        losing.setattr(shared._files, "publish", lose)
        assert is_passing(_refusal(lambda: shared.accept(sample_run("r1"))))
    server.run()
    assert shared.runs() == []
    assert shared.accept(sample_run("r1"))
    assert_same_run(shared.run("r1"), sample_run("r1"))


def test_a_run_is_stored_once_the_server_is_back(
    shared: Store, server: PostgresqlServer, tmp_path: Path
) -> None:
    server.stop()
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            server.run()

    assert Spool(tmp_path / "spool", wait).accept(shared, sample_run("r1")) is None
    assert waited == [1, 2, 4]
    assert_same_run(shared.run("r1"), sample_run("r1"))


def test_a_run_that_the_server_took_before_it_was_lost_is_not_stored_twice(
    shared: Store, server: PostgresqlServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = shared.accept

    def lose(run: Run, *, replaces: bool = False) -> bool:
        accept(run, replaces=replaces)
        server.stop()
        return accept(sample_run("r2", plan=sample_plan(seed=1)))

    monkeypatch.setattr(shared, "accept", lose)
    spool = Spool(tmp_path / "spool", lambda _seconds: server.run())
    assert spool.accept(shared, sample_run("r1")) is None
    assert [run.id for run in shared.runs()] == ["r1"]


def test_a_server_that_stays_away_loses_nothing(
    shared: Store, server: PostgresqlServer, tmp_path: Path
) -> None:
    spool = Spool(tmp_path / "spool", lambda _seconds: None)
    server.stop()
    refused = spool.accept(shared, sample_run("r1"))
    assert refused is not None
    assert refused.what == "the database server of the store cannot be reached"
    server.run()
    assert spool.bring_home(shared) == ("r1",)
    assert_same_run(shared.run("r1"), sample_run("r1"))


@pytest.mark.parametrize(
    ("change", "what", "fix"),
    [
        (
            lambda url: f"{url.rpartition('/')[0]}/bench",
            "the database of the store is not on its server",
            "create it on the server with `createdb bench`, or check the URL",
        ),
        (
            lambda url: url.replace("dlscope@", "stranger@"),
            "the database server does not let this user in",
            "check the user and the password in the URL",
        ),
    ],
    ids=["database", "user"],
)
def test_refuses_a_url_that_leads_nowhere(
    change: Callable[[str], str], what: str, fix: str, emptied_url: str, tmp_path: Path
) -> None:
    url = change(emptied_url)
    refused = _refusal(lambda: Store.open(url, folder=tmp_path))
    assert refused.describe() == (
        f"StoreError: {what}\n  where  {url}\n  fix    {fix}, "
        "or choose another place with $DLSCOPE_STORE"
    )
    assert not is_passing(refused)


@pytest.mark.parametrize("host", ["nosuch.invalid", ""])
def test_a_host_that_is_not_there_is_a_stated_error(host: str, tmp_path: Path) -> None:
    url = f"postgresql+psycopg://dlscope@{host}:1/bench"
    refused = _refusal(lambda: Store.open(url, folder=tmp_path))
    assert refused.what == "the database server of the store cannot be reached"
    assert refused.fix == (
        "start the server and check the URL, or choose another place with $DLSCOPE_STORE"
    )


def test_a_user_who_may_not_make_tables_is_a_stated_error(
    server: PostgresqlServer, untouched_url: str, tmp_path: Path
) -> None:
    server.execute("CREATE ROLE guest LOGIN")
    url = untouched_url.replace("dlscope@", "guest@")
    name = url.rpartition("/")[2]
    try:
        refused = _refusal(lambda: Store.open(url, folder=tmp_path))
        server.execute(f"ALTER DATABASE {name} OWNER TO guest")
        Store.open(url, folder=tmp_path).close()
    finally:
        server.execute(f"ALTER DATABASE {name} OWNER TO dlscope")
        server.execute("REASSIGN OWNED BY guest TO dlscope", untouched_url)
        server.execute("DROP ROLE guest")
    assert not is_passing(refused)
    assert refused.describe() == (
        "StoreError: the user may not make the tables of the store\n"
        f"  where  {url}\n"
        f"  fix    make the user own the database (ALTER DATABASE {name} OWNER TO guest), "
        "or choose another place with $DLSCOPE_STORE"
    )


def test_a_server_without_a_free_connection_is_a_stated_error(
    server: PostgresqlServer, emptied_url: str, tmp_path: Path
) -> None:
    server.execute("CREATE ROLE crowd LOGIN CONNECTION LIMIT 0")
    url = emptied_url.replace("dlscope@", "crowd@")
    try:
        refused = _refusal(lambda: Store.open(url, folder=tmp_path))
    finally:
        server.execute("DROP ROLE crowd")
    assert is_passing(refused)
    assert refused.describe() == (
        "StoreError: the database server of the store has no connection free and cannot be "
        f"reached\n  where  {url}\n"
        "  fix    end what is not needed, or raise max_connections of the server"
    )
