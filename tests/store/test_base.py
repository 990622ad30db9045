from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from dlscope.core.errors import StoreError
from dlscope.store import schema
from dlscope.store.base import Store
from dlscope.testing.stores import sample_plan, sample_run

_ELSEWHERE = "or choose another place with $DLSCOPE_STORE"


def _refusal(folder: Path) -> str:
    with pytest.raises(StoreError) as caught:
        Store.open(folder)
    return str(caught.value)


def test_lays_out_a_folder(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.accept(sample_run("r1"))
        files = sorted(path.name for path in (tmp_path / "runs" / "r1").iterdir())
        assert files == ["items.parquet", "samples.parquet", "spans.parquet"]
        assert (tmp_path / "dlscope.sqlite").exists()
        assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["r1"]


def test_refuses_a_damaged_database(tmp_path: Path) -> None:
    path = tmp_path / "dlscope.sqlite"
    path.write_bytes(b"this is no database" * 100)
    assert _refusal(tmp_path) == (
        "StoreError: the database of the store is damaged\n"
        f"  where  {path}\n"
        "  fix    restore it from a copy or an export, or move the file away to begin a new store"
    )


def test_refuses_a_newer_schema(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "dlscope.sqlite")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    assert _refusal(tmp_path) == (
        f"StoreError: the store has schema 9999, this dlscope knows up to {schema.REVISION}\n"
        f"  where  {tmp_path / 'dlscope.sqlite'}\n"
        "  fix    upgrade dlscope: pip install --upgrade dlscope"
    )


def test_waits_for_a_lock_and_then_refuses(tmp_path: Path) -> None:
    with Store.open(tmp_path, busy_timeout_s=0.1) as store:
        other = sqlite3.connect(tmp_path / "dlscope.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as caught:
            store.accept(sample_run("r1"))
        assert str(caught.value) == (
            "StoreError: the store is locked by another process\n"
            f"  where  {tmp_path / 'dlscope.sqlite'}\n"
            "  fix    wait until that process has finished and try again"
        )
        assert store.runs() == []
        assert list((tmp_path / "runs").iterdir()) == []
        other.execute("ROLLBACK")
        other.close()
        assert store.accept(sample_run("r1"))


def test_a_full_disk_leaves_no_part_of_a_run(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        with store._database.reading() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError) as caught:
            for number in range(100):
                store.accept(sample_run(f"r{number}", plan=sample_plan(seed=number)))
        assert str(caught.value) == (
            "StoreError: the disk of the store is full\n"
            f"  where  {tmp_path / 'dlscope.sqlite'}\n"
            f"  fix    free some space, {_ELSEWHERE}"
        )
        stored = {run.id for run in store.runs()}
        assert {path.name for path in (tmp_path / "runs").iterdir()} == stored


@pytest.mark.skipif(os.name != "posix", reason="needs the rights of POSIX")
def test_refuses_a_folder_it_cannot_write() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "runs").mkdir()
        for each in (folder / "runs", folder):
            each.chmod(0o555)
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(65534)
        try:
            message = _refusal(folder)
        finally:
            if is_root:
                os.seteuid(0)
            folder.chmod(0o755)
        assert message == (
            "StoreError: the store cannot be written\n"
            f"  where  {folder}\n"
            f"  fix    make it writable, {_ELSEWHERE}"
        )


def test_refuses_a_place_that_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    assert _refusal(path) == (
        "StoreError: the store cannot be used: Not a directory\n"
        f"  where  {path}\n"
        f"  fix    check that place, {_ELSEWHERE}"
    )


@pytest.mark.parametrize("run_id", ["../up", "a/b", "", ".tmp-x", "x" * 129])
def test_refuses_an_id_that_is_no_folder_name(tmp_path: Path, run_id: str) -> None:
    with Store.open(tmp_path) as store, pytest.raises(StoreError) as caught:
        store.accept(sample_run(run_id))
    assert str(caught.value) == (
        f"StoreError: {run_id!r} cannot be a run id\n"
        f"  where  {tmp_path / 'dlscope.sqlite'}\n"
        "  fix    use letters, digits, '-', '_' and '.', at most 128"
    )


def test_an_empty_store_says_so(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store, pytest.raises(StoreError) as caught:
        store.run("r1")
    assert str(caught.value) == (
        "StoreError: there is no run 'r1'\n"
        f"  where  {tmp_path / 'dlscope.sqlite'}\n"
        "  fix    the store holds no runs yet: measure one, or choose another place with "
        "$DLSCOPE_STORE"
    )


def test_a_server_without_its_driver_is_a_stated_error(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib; sys.modules['psycopg'] = None\n"
        "from dlscope.store import Store\n"
        f"folder = pathlib.Path({str(tmp_path)!r})\n"
        "Store.open('postgresql+psycopg://me:pw@db/x', folder=folder)"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert answer.stderr.strip().endswith(
        "a PostgreSQL store needs 'psycopg', which is not installed\n"
        "  where  postgresql+psycopg://me:***@db/x\n"
        "  fix    pip install 'psycopg[binary]'"
    )


def test_replaces_what_a_killed_writer_left_under_the_same_id(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        left = tmp_path / "runs" / "r1"
        left.mkdir()
        (left / "samples.parquet").write_bytes(b"half")
        assert store.accept(sample_run("r1"))
        assert len(store.run("r1").samples) == 4


def test_vacuum_removes_old_leftovers_and_nothing_else(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.accept(sample_run("r1"))
        for name in ("r2", ".tmp-r3-0123"):
            (tmp_path / "runs" / name).mkdir()
            (tmp_path / "runs" / name / "samples.parquet").write_bytes(b"half")
            os.utime(tmp_path / "runs" / name, (0, 0))
        os.utime(tmp_path / "runs" / "r1", (0, 0))
        (tmp_path / "runs" / ".tmp-young").mkdir()
        assert store.size().leftovers == 2
        size = store.vacuum()
        assert (size.runs, size.leftovers) == (1, 0)
        assert size.database_bytes > 0
        assert size.files_bytes > 0
        assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == [".tmp-young", "r1"]


def test_opening_a_store_that_is_up_to_date_does_not_import_alembic(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    script = (
        "import sys, dlscope.store\n"
        "assert 'sqlalchemy' not in sys.modules\n"
        f"dlscope.store.Store.open({str(tmp_path)!r}).close()\n"
        "assert 'sqlalchemy' in sys.modules\n"
        "assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
