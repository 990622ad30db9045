from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine

from dlscope.store import RunFilter, Store, rows
from dlscope.store.location import Location
from dlscope.store.migrations.upgrade import _config
from dlscope.testing.stores import sample_plan, sample_run


def test_runs_from_before_have_no_latencies_and_later_ones_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = Location.of(tmp_path)
    engine = create_engine(location.url)
    with monkeypatch.context() as before, engine.begin() as connection:
        before.setattr(rows, "latencies", lambda _samples: {})
        command.upgrade(_config(connection), "0002")
        rows.write_run(connection, sample_run("r-old"))
    engine.dispose()
    with Store.open(tmp_path) as store:
        store.accept(sample_run("r-new", plan=sample_plan(seed=1)))
        found = {run.id: run for run in store.page(RunFilter())}
    assert found["r-old"].p50_ns is None
    assert found["r-old"].queries_per_s is None
    assert found["r-new"].p50_ns == sorted(sample_run("r").samples.latency_ns)[2]
