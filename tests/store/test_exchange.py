from __future__ import annotations

import json
from pathlib import Path

import pytest

from dlscope.core.digest import file_digest
from dlscope.core.errors import StoreError
from dlscope.store.base import Store
from dlscope.testing.stores import sample_run

_FIX = "export the runs again: dlscope store export FOLDER RUN…"


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    folder = tmp_path / "shared"
    with Store.open(tmp_path / "store") as store:
        store.accept(sample_run("r1"))
        store.export(folder, ["r1"])
    return folder


def _refusal(folder: Path, tmp_path: Path) -> StoreError:
    with Store.open(tmp_path / "other") as other, pytest.raises(StoreError) as caught:
        other.import_(folder)
    with Store.open(tmp_path / "other") as other:
        assert other.runs() == []
    return caught.value


def test_the_index_lists_digests(exported: Path) -> None:
    index = json.loads((exported / "index.json").read_text())
    assert (index["format"], index["version"]) == ("dlscope-runs", 1)
    for name, digest in index["runs"]["r1"].items():
        assert file_digest(exported / "r1" / name) == digest


def test_refuses_a_changed_file(exported: Path, tmp_path: Path) -> None:
    path = exported / "r1" / "run.json"
    before = file_digest(path)
    path.write_text(path.read_text().replace("0.5", "0.9"))
    assert str(_refusal(exported, tmp_path)) == (
        f"StoreError: the file was changed: SHA-256 is {file_digest(path)[:16]}…, "
        f"the index says {before[:16]}…\n"
        f"  where  {path}\n"
        f"  fix    {_FIX}"
    )


def test_refuses_a_missing_file(exported: Path, tmp_path: Path) -> None:
    path = exported / "r1" / "spans.parquet"
    path.unlink()
    error = _refusal(exported, tmp_path)
    assert (error.what, error.where) == ("a file of the export is missing", str(path))


@pytest.mark.parametrize("run_id", ["../r1", "/etc", ".hidden", ""])
def test_refuses_an_index_that_points_elsewhere(
    exported: Path, tmp_path: Path, run_id: str
) -> None:
    path = exported / "index.json"
    index = json.loads(path.read_text())
    index["runs"] = {run_id: index["runs"]["r1"]}
    path.write_text(json.dumps(index))
    assert _refusal(exported, tmp_path).what == f"the entry of run {run_id!r} is malformed"


def test_refuses_a_run_under_the_id_of_another(exported: Path, tmp_path: Path) -> None:
    (exported / "r1").rename(exported / "r2")
    path = exported / "index.json"
    path.write_text(path.read_text().replace('"r1"', '"r2"'))
    assert _refusal(exported, tmp_path).what == "the folder of run 'r2' holds run 'r1'"


def test_refuses_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "export.tar").touch()
    assert str(_refusal(tmp_path / "export.tar", tmp_path)) == (
        "StoreError: an export is a folder, and this is a file\n"
        f"  where  {tmp_path / 'export.tar'}\n"
        "  fix    name the folder that dlscope store export wrote"
    )


def test_refuses_to_export_into_a_file(tmp_path: Path) -> None:
    (tmp_path / "notes").touch()
    with Store.open(tmp_path / "store") as store:
        store.accept(sample_run("r1"))
        with pytest.raises(StoreError) as caught:
            store.export(tmp_path / "notes", ["r1"])
    assert str(caught.value) == (
        "StoreError: an export is a folder, and this is a file\n"
        f"  where  {tmp_path / 'notes'}\n"
        "  fix    name a folder, or one that is not there yet"
    )


def test_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert str(_refusal(tmp_path / "exprot", tmp_path)) == (
        "StoreError: there is no such folder\n"
        f"  where  {tmp_path / 'exprot'}\n"
        "  fix    name the folder that dlscope store export wrote"
    )


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (None, "the folder is not an export: it has no index"),
        ("{", "the index of the export is not JSON"),
        ("[]", "the folder is not an export of version 1"),
        ('{"format": "dlscope-runs", "version": 2}', "the folder is not an export of version 1"),
        (
            '{"format": "dlscope-runs", "version": 1, "runs": ["r1"]}',
            "the index of the export does not list its runs",
        ),
        (
            '{"format": "dlscope-runs", "version": 1, "runs": {"r1": 3}}',
            "the entry of run 'r1' is malformed",
        ),
    ],
)
def test_refuses_what_is_no_export(tmp_path: Path, text: str | None, what: str) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    if text is not None:
        (folder / "index.json").write_text(text)
    assert str(_refusal(folder, tmp_path)) == (
        f"StoreError: {what}\n  where  {folder / 'index.json'}\n  fix    {_FIX}"
    )
