from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, inspect

from dlscope.store import rows, schema
from dlscope.store.base import Store
from dlscope.store.benchmarks import BenchmarkKey
from dlscope.store.files import RunFiles
from dlscope.store.location import Location
from dlscope.store.migrations.upgrade import _config
from dlscope.testing.stores import assert_same_run, sample_environment, sample_run

# A store that dlscope wrote at revision 0001, as `sqlite3 dlscope.sqlite .dump` tells it.
_DUMP = Path(__file__).with_name("revision_0001.sql")


@pytest.fixture
def old_store(tmp_path: Path) -> Path:
    connection = sqlite3.connect(tmp_path / "dlscope.sqlite")
    connection.executescript(_DUMP.read_text(encoding="utf-8"))
    connection.close()
    files = RunFiles(tmp_path)
    files.prepare()
    for run_id in ("r1", "r2", "r3"):
        files.publish(files.write(sample_run(run_id)), run_id)
    return tmp_path


def test_the_store_before_has_no_benchmarks(old_store: Path) -> None:
    engine = create_engine(f"sqlite:///{old_store / 'dlscope.sqlite'}")
    assert not inspect(engine).has_table("benchmarks")
    engine.dispose()


def test_keeps_every_run(old_store: Path) -> None:
    with Store.open(old_store) as store:
        states = {run.id: run.acceptance for run in store.runs()}
        assert states == {"r1": "accepted", "r2": "superseded", "r3": "none"}
        (accepted,) = (run for run in store.runs() if run.acceptance == "accepted")
        assert accepted.metrics == sample_run("r1").metrics
        assert store.run("r1").stages == sample_run("r1").stages
        assert store.run("r3").error == sample_run("r3", status="failed").error
        assert_same_run(store.run("r2").samples, sample_run("r2").samples)
        assert store.environment(accepted.fingerprint).system == sample_environment().system


def test_keeps_runs_in_any_database(untouched: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is written beside the samples came later than the revision that is written here.
    monkeypatch.setattr(rows, "latencies", lambda _samples: {})
    engine = create_engine(untouched.url)
    untouched.folder.mkdir(exist_ok=True)
    with engine.begin() as connection:
        command.upgrade(_config(connection), "0001")
        run = sample_run("r1")
        rows.write_run(connection, run)
    engine.dispose()
    with Store.open(untouched.url, folder=untouched.folder) as store:
        assert store.finished(run.plan.digest, run.environment.fingerprint) == "r1"
        assert store.benchmarks.fingerprints() == ()


def test_then_takes_benchmarks(
    old_store: Path, key: Callable[..., BenchmarkKey], result: Callable[..., object]
) -> None:
    with Store.open(old_store) as store:
        store.benchmarks.describe("b1", "layer", {}, {})
        store.benchmarks.accept([result()])
        assert store.benchmarks.present([key()]) == {key()}
        assert store.size().runs == 3


def test_is_done_once(old_store: Path) -> None:
    for _ in range(2):
        with Store.open(old_store) as store:
            assert len(store.runs()) == 3
    connection = sqlite3.connect(old_store / "dlscope.sqlite")
    versions = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    connection.close()
    assert versions == [(schema.REVISION,)]
