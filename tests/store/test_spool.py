from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlscope.core.errors import StoreError
from dlscope.store import Store
from dlscope.store.spool import Spool
from dlscope.testing.stores import assert_same_run, sample_run

FULL = StoreError("the disk of the store is full", where="here", fix="free some space")
DAMAGED = StoreError("the database of the store is damaged", where="here", fix="restore it")


def at_once(wait_s: float) -> None:
    assert wait_s > 0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


class Refusing:
    """Makes a store refuse so many times; remembers how long was waited in between."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch, times: int, error) -> None:
        self.waited: list[float] = []
        self._left = times
        accept = store.accept

        def refuse(run, *, replaces=False):
            if self._left > 0:
                self._left -= 1
                raise error
            return accept(run, replaces=replaces)

        monkeypatch.setattr(store, "accept", refuse)


def test_what_the_store_takes_is_not_kept_aside(store: Store, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    assert spool.accept(store, sample_run("r-1")) is None
    assert spool.pending() == ()
    assert store.has("r-1")


def test_a_store_that_is_full_for_a_while_is_asked_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = Refusing(store, monkeypatch, 3, FULL)
    spool = Spool(tmp_path / "spool", refusing.waited.append)
    assert spool.accept(store, sample_run("r-1")) is None
    assert refusing.waited == [1, 2, 4]
    assert store.has("r-1")


def test_a_store_that_stays_full_loses_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = Refusing(store, monkeypatch, 6, FULL)
    spool = Spool(tmp_path / "spool", refusing.waited.append)
    run = sample_run("r-1")
    assert spool.accept(store, run) is FULL
    assert sum(refusing.waited) == 30
    assert spool.pending() == ("r-1",)
    assert not store.has("r-1")
    assert spool.bring_home(store) == ("r-1",)
    assert_same_run(store.run("r-1"), run)
    assert spool.pending() == ()


def test_a_damaged_store_is_not_waited_for(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = Refusing(store, monkeypatch, 1, DAMAGED)
    spool = Spool(tmp_path / "spool", refusing.waited.append)
    assert spool.accept(store, sample_run("r-1")) is DAMAGED
    assert refusing.waited == []
    assert spool.pending() == ("r-1",)


def test_a_rerun_that_was_kept_aside_replaces_what_it_was_to_replace(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = sample_run("r-1"), sample_run("r-2")
    store.accept(first)
    spool = Spool(tmp_path / "spool", at_once)
    Refusing(store, monkeypatch, 6, FULL)
    assert spool.accept(store, second, replaces=True) is FULL
    assert spool.bring_home(store) == ("r-2",)
    assert store.finished(first.plan.digest, first.environment.fingerprint) == "r-2"


def test_a_run_that_was_stored_meanwhile_is_brought_home_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path / "spool", at_once)
    Refusing(store, monkeypatch, 6, FULL)
    spool.accept(store, sample_run("r-1"))
    store.accept(sample_run("r-1"))
    assert spool.bring_home(store) == ()
    assert spool.pending() == ()


def test_a_changed_file_is_refused_and_kept(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path / "spool", at_once)
    Refusing(store, monkeypatch, 6, FULL)
    spool.accept(store, sample_run("r-1"))
    record = tmp_path / "spool" / "r-1" / "r-1" / "run.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"status": "failed"}))
    with pytest.raises(StoreError, match=r"the file was changed: SHA-256 is "):
        spool.bring_home(store)
    assert spool.pending() == ("r-1",)


def test_a_folder_that_was_never_finished_is_left_alone(store: Store, tmp_path: Path) -> None:
    (tmp_path / "spool" / "r-9").mkdir(parents=True)
    assert Spool(tmp_path / "spool").bring_home(store) == ()


def test_the_place_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLSCOPE_SPOOL", str(tmp_path))
    assert Spool().folder == tmp_path
