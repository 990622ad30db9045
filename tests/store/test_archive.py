from __future__ import annotations

import json
from pathlib import Path

import pytest

from dlscope.core.errors import StoreError
from dlscope.store.archive import read_run, write_run
from dlscope.testing.stores import assert_same_run, sample_run

_FIX = "write the folder again from the store or the run it came from"


def test_a_run_survives_in_a_folder(tmp_path: Path) -> None:
    run = sample_run("r1", status="failed")
    write_run(tmp_path / "out" / "r1", run)
    assert_same_run(read_run(tmp_path / "out" / "r1"), run)


def test_refuses_a_folder_without_a_run(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        read_run(tmp_path)
    assert str(caught.value) == (
        "StoreError: run.json cannot be read: it is missing\n"
        f"  where  {tmp_path / 'run.json'}\n"
        f"  fix    {_FIX}"
    )


def test_refuses_a_record_that_lacks_a_field(tmp_path: Path) -> None:
    write_run(tmp_path, sample_run("r1"))
    path = tmp_path / "run.json"
    record = json.loads(path.read_text())
    for key, what in (
        ("started_utc", "field 'started_utc' is missing"),
        ("plan", "field 'plan' is missing"),
    ):
        path.write_text(json.dumps({name: record[name] for name in record if name != key}))
        with pytest.raises(StoreError) as caught:
            read_run(tmp_path)
        assert caught.value.what == f"run.json cannot be read: {what}"
    path.write_text(json.dumps(record | {"plan": {}}))
    with pytest.raises(StoreError, match=r"run.json cannot be read: \d+ fields do not fit a Run"):
        read_run(tmp_path)
