"""Runs as a plain folder that any tool can read, for sharing and for backup.

FOLDER/index.json                 format, version, and for each Run the SHA-256 of its files
FOLDER/<run id>/run.json          everything small
FOLDER/<run id>/{samples,spans,items}.parquet
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from dlscope.core.digest import file_digest
from dlscope.core.errors import StoreError
from dlscope.core.run import Run
from dlscope.store import archive

INDEX = "index.json"
_FORMAT, _VERSION = "dlscope-runs", 1
_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


def is_safe_id(run_id: str) -> bool:
    """Whether `run_id` can be the name of a folder everywhere."""
    return _SAFE_ID.fullmatch(run_id) is not None


def make_folder(directory: Path) -> None:
    """Make the folder of an export where it is not there. Raises `StoreError` for a file."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise _file(directory, "name a folder, or one that is not there yet") from error


def export_run(directory: Path, run: Run) -> dict[str, str]:
    """Write one Run into `directory`; the SHA-256 of each of its files by name."""
    folder = directory / run.id
    archive.write_run(folder, run)
    return {name: file_digest(folder / name) for name in archive.FILES}


def write_index(directory: Path, digests: Mapping[str, Mapping[str, str]]) -> None:
    """Write the list of exported Runs, in the order in which they are to be imported."""
    index = {"format": _FORMAT, "version": _VERSION, "runs": digests}
    (directory / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def read_index(directory: Path) -> dict[str, dict[str, str]]:
    """Digests of the files of each exported Run. Raises `StoreError` for anything else."""
    path = directory / INDEX
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if directory.is_dir():
            raise _refusal("the folder is not an export: it has no index", path) from error
        raise StoreError(
            "there is no such folder",
            where=str(directory),
            fix="name the folder that dlscope store export wrote",
        ) from error
    except NotADirectoryError as error:
        raise _file(directory, "name the folder that dlscope store export wrote") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise _refusal("the index of the export is not JSON", path) from error
    is_known = isinstance(index, dict) and index.get("format") == _FORMAT
    if not is_known or index.get("version") != _VERSION:
        raise _refusal(f"the folder is not an export of version {_VERSION}", path)
    runs = index.get("runs", {})
    if not isinstance(runs, dict):
        raise _refusal("the index of the export does not list its runs", path)
    for run_id, files in runs.items():
        is_whole = isinstance(files, dict) and set(files) == set(archive.FILES)
        if not is_safe_id(run_id) or not is_whole:
            raise _refusal(f"the entry of run {run_id!r} is malformed", path)
    return runs


def import_run(directory: Path, run_id: str, digests: Mapping[str, str]) -> Run:
    """One exported Run, checked: its files against `digests`, and its content against its id.

    Raises `StoreError` with both digests for a file that was changed.
    """
    folder = directory / run_id
    for name, expected in digests.items():
        _check_file(folder / name, expected)
    run = archive.read_run(folder)
    if run.id != run_id:
        raise _refusal(f"the folder of run {run_id!r} holds run {run.id!r}", folder)
    return run


def _check_file(path: Path, expected: str) -> None:
    if not path.is_file():
        raise _refusal("a file of the export is missing", path)
    actual = file_digest(path)
    if actual != expected:
        raise _refusal(
            f"the file was changed: SHA-256 is {actual[:16]}…, the index says {expected[:16]}…",
            path,
        )


def _file(path: Path, fix: str) -> StoreError:
    return StoreError("an export is a folder, and this is a file", where=str(path), fix=fix)


def _refusal(what: str, path: Path) -> StoreError:
    return StoreError(
        what, where=str(path), fix="export the runs again: dlscope store export FOLDER RUN…"
    )
