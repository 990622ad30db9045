"""One Run as a plain folder: `run.json` with everything small, and its Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dlscope.core.errors import StoreError
from dlscope.core.run import Run
from dlscope.store import parquet
from dlscope.store.files import read_parts, write_parts
from dlscope.store.plain import from_text, to_text
from dlscope.store.record import from_record, to_record

RECORD = "run.json"
FILES = (RECORD, *parquet.FILES)


def write_run(folder: Path, run: Run) -> None:
    """Write `run` into `folder`, made when missing."""
    folder.mkdir(parents=True, exist_ok=True)
    write_parts(folder, run)
    text = to_text(to_record(run), where=f"run {run.id}")
    (folder / RECORD).write_text(text, encoding="utf-8")


def read_run(folder: Path) -> Run:
    """The Run that `write_run` wrote into `folder`.

    Raises `StoreError` when a file is missing or damaged.
    """
    path = folder / RECORD
    try:
        record = from_text(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = "it is missing" if isinstance(error, FileNotFoundError) else str(error)
        raise _unreadable(reason, path) from error
    samples, trace, items = read_parts(folder)
    return _build(path, record, samples, trace, items)


def _build(path: Path, record: Any, *parts: Any) -> Run:
    try:
        return from_record(record, *parts)
    except ValidationError as error:
        raise _unreadable(f"{error.error_count()} fields do not fit a Run", path) from error
    except KeyError as error:
        raise _unreadable(f"field {error} is missing", path) from error
    except TypeError as error:
        raise _unreadable(str(error), path) from error


def _unreadable(reason: str, path: Path) -> StoreError:
    return StoreError(
        f"{RECORD} cannot be read: {reason}",
        where=str(path),
        fix="write the folder again from the store or the run it came from",
    )
