"""`KeptReports`: what was put together from the benchmarks of a store, kept beside it.

A cache: what it lacks, cannot read or has forgotten is put together again. What cannot be, such as
the result of a training, is on the `ReportShelf` of the store.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from dlscope.core.digest import digest
from dlscope.core.errors import FileError
from dlscope.core.report import Report
from dlscope.core.whole_file import write_whole
from dlscope.reporting.document import document_of, report_of

_MOST = 200
_FORM = 1
"""Raised when what is kept is told in another way than before."""


@final
class KeptReports:
    """Reports in a folder, each under a digest of all that it was made from."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def find(self, made_from: Mapping[str, Any]) -> Report | None:
        """The report made from that, None where none is kept or it cannot be read."""
        try:
            text = self._file(made_from).read_text(encoding="utf-8")
            return report_of(json.loads(text))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, made_from: Mapping[str, Any], report: Report) -> None:
        """Keep a report; where that cannot be, it is made again when it is asked for."""
        file = self._file(made_from)
        with self._lock, contextlib.suppress(OSError, FileError):
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(file, json.dumps(document_of(report)))
            self._forget()

    def _file(self, made_from: Mapping[str, Any]) -> Path:
        return self._folder / f"{digest({**made_from, 'form': _FORM})[:40]}.json"

    def _forget(self) -> None:
        """Remove the oldest beyond the 200 newest: those of a smaller store come never again."""
        files = sorted(self._folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
        for file in files[:-_MOST]:
            file.unlink(missing_ok=True)
