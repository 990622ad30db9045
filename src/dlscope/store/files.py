"""`RunFiles`: the Parquet files of Runs in the folder of a store, each Run's whole or absent."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from pathlib import Path
from typing import final

from dlscope.core.run import ItemResult, Run, Samples
from dlscope.core.trace import Trace
from dlscope.store import parquet
from dlscope.store.refusal import refusals

_UNFINISHED = ".tmp-"
_LEFTOVER_AGE_S = 3600.0


@final
class RunFiles:
    """Folders `runs/<run id>` and `partial/<plan digest>` below the folder of a store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._runs = folder / "runs"
        self._partial = folder / "partial"

    def prepare(self) -> None:
        """Make the folder. Raises `StoreError` where it cannot be written."""
        with refusals(str(self.folder)):
            self._runs.mkdir(parents=True, exist_ok=True)
            probe = self._runs / f"{_UNFINISHED}{uuid.uuid4().hex}"
            probe.mkdir()
            probe.rmdir()

    def of(self, run_id: str) -> Path:
        """Folder of the files of one Run."""
        return self._runs / run_id

    def write(self, run: Run) -> Path:
        """Write the files of `run` under a temporary name that `publish` turns into its own."""
        with refusals(str(self._runs)):
            temporary = self._runs / f"{_UNFINISHED}{run.id}-{uuid.uuid4().hex[:8]}"
            temporary.mkdir(parents=True)
            try:
                write_parts(temporary, run)
            except BaseException:
                shutil.rmtree(temporary, ignore_errors=True)
                raise
            return temporary

    def publish(self, temporary: Path, run_id: str) -> None:
        """Give written files their final name, in place of what a killed writer left there."""
        with refusals(str(self._runs)):
            final_name = self.of(run_id)
            if final_name.exists():
                self.remove(run_id)
            temporary.rename(final_name)
            _flush_folder(self._runs)

    def read(self, run_id: str) -> tuple[Samples, Trace, tuple[ItemResult, ...]]:
        """Samples, trace and items of a Run. Raises `StoreError` for a missing or damaged file."""
        return read_parts(self.of(run_id))

    def remove(self, run_id: str) -> None:
        """Remove the files of a Run; there may be none."""
        with refusals(str(self._runs)):
            target = self.of(run_id)
            if target.exists():
                # Renamed first: a half-removed Run must never look like a whole one.
                doomed = self._runs / f"{_UNFINISHED}{uuid.uuid4().hex}"
                target.rename(doomed)
                shutil.rmtree(doomed)

    def discard(self, temporary: Path) -> None:
        """Remove written files that were never published."""
        shutil.rmtree(temporary, ignore_errors=True)

    def partial(self, plan_digest: str) -> Path:
        """Folder for the partial results of an unfinished Plan, made when missing."""
        with refusals(str(self._partial)):
            folder = self._partial / plan_digest
            folder.mkdir(parents=True, exist_ok=True)
            return folder

    def remove_partial(self, plan_digest: str) -> None:
        """Remove the partial results of a Plan; there may be none."""
        with refusals(str(self._partial)):
            folder = self._partial / plan_digest
            if folder.exists():
                shutil.rmtree(folder)

    def leftovers(self, known: set[str]) -> tuple[Path, ...]:
        """Folders of writers that were killed: old enough, and of no Run in `known`."""
        newest = time.time() - _LEFTOVER_AGE_S
        return tuple(
            folder
            for folder in sorted(self._runs.iterdir())
            if folder.name not in known and folder.stat().st_mtime < newest
        )

    def size_bytes(self) -> tuple[int, int]:
        """Bytes of all Runs, and of all partial results."""
        return _size(self._runs), _size(self._partial)


def write_parts(folder: Path, run: Run) -> None:
    """Write samples, spans and items of `run` into `folder`, through to the disk."""
    parquet.write_samples(folder / parquet.SAMPLES, run.samples)
    parquet.write_spans(folder / parquet.SPANS, run.trace)
    parquet.write_items(folder / parquet.ITEMS, run.items)
    for name in parquet.FILES:
        with (folder / name).open("rb+") as file:
            os.fsync(file.fileno())
    _flush_folder(folder)


def read_parts(folder: Path) -> tuple[Samples, Trace, tuple[ItemResult, ...]]:
    """Samples, trace and items that `write_parts` wrote into `folder`."""
    return (
        parquet.read_samples(folder / parquet.SAMPLES),
        parquet.read_spans(folder / parquet.SPANS),
        parquet.read_items(folder / parquet.ITEMS),
    )


def _flush_folder(folder: Path) -> None:
    if os.name == "posix":  # Windows cannot open a folder as a file
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
