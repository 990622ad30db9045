"""`dlscope store …` as a person would call it: exact words out."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlscope.store import Store
from dlscope.store.spool import Spool
from dlscope.testing.stores import sample_run


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "spool"
    monkeypatch.setenv("DLSCOPE_SPOOL", str(folder))
    return folder


def test_runs_go_from_store_to_store(cli, store: Path, tmp_path: Path) -> None:
    with Store.open(store) as opened:
        opened.accept(sample_run("r1"))
    folder, other = tmp_path / "out", ("--store", tmp_path / "other")
    assert cli("store", "export", folder, "r1").err == f"1 run written to {folder}\n"
    assert cli("store", "import", folder, *other).err == "1 run added\n"
    assert cli("store", "import", folder, *other).err == "0 runs added\n"
    (row,) = cli("store", "list", *other, "--format", "json").rows("runs")
    assert row["run"] == "r1"


def test_what_was_kept_aside_is_brought_home(cli, store: Path, spool: Path) -> None:
    Spool()._keep(sample_run("r1"), replaces=False)
    assert cli("store", "import-spool").err == f"1 run added from {spool}\n"
    assert cli("store", "import-spool").err == f"0 runs added from {spool}\n"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--status", "broken"), "'broken' is none of finished, failed, aborted"),
        (("--limit", "-3"), "Input should be greater than or equal to 0"),
    ],
)
def test_a_listing_of_nothing_that_there_is_is_refused(cli, options, problem: str) -> None:
    result = cli("store", "list", *options)
    assert (result.code, result.out) == (2, "")
    assert problem in result.err
