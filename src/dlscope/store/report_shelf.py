"""`ReportShelf`: reports in a folder, each under a name of its own; none is ever forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import final

from dlscope.core.digest import bytes_digest
from dlscope.core.errors import StoreError, did_you_mean
from dlscope.core.report import Report
from dlscope.core.whole_file import unwritable, write_whole
from dlscope.reporting.document import document_of, report_of

_ENDING = ".jsonl"
_DIGITS = 8
_UNREADABLE = (OSError, ValueError, KeyError, TypeError)


@final
@dataclass(frozen=True)
class Label:
    """What is known of a kept report before it is read: `word` says what ended with it."""

    word: str
    title: str
    answer: str
    command: str
    created_utc: str
    version: str


@final
class ReportShelf:
    """The reports of one folder.

    A file holds two lines, the label and the report, so that a long list is read quickly. Its name
    is told by what is in the report: the same one kept again is the same file, with a new label.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, report: Report, word: str, *, created_utc: str, version: str) -> str:
        """Write `report`, whole or not at all, and return its name. Raises `FileError`."""
        text = json.dumps(document_of(report))
        name = f"{word}-{bytes_digest(text.encode())[:_DIGITS]}"
        label = Label(word, report.title, report.answer, report.command, created_utc, version)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(error, self._folder) from error
        write_whole(self._file(name), f"{json.dumps(asdict(label))}\n{text}\n")
        return name

    def names(self) -> tuple[str, ...]:
        """Names of all that is kept, in their order."""
        return tuple(sorted(path.stem for path in self._folder.glob(f"*{_ENDING}")))

    def labels(self) -> Iterator[tuple[str, Label | None]]:
        """Each name with its label, None where that cannot be read."""
        for name in self.names():
            try:
                with self._file(name).open(encoding="utf-8") as file:
                    yield name, Label(**json.loads(file.readline()))
            except _UNREADABLE:
                yield name, None

    def read(self, name: str) -> tuple[Label, Report]:
        """The report called `name`. Raises `StoreError` for an unknown or a spoiled one."""
        known = self.names()
        if name not in known:
            raise StoreError(
                f"there is no report {name[:80]!r}",
                where=str(self._folder),
                fix=did_you_mean(name[:80], known) if known else "make one first",
            )
        try:
            label, report = self._file(name).read_text(encoding="utf-8").splitlines()
            return Label(**json.loads(label)), report_of(json.loads(report))
        except _UNREADABLE as error:
            raise StoreError(
                f"the report {name} cannot be read: {type(error).__name__}: {error}",
                where=str(self._file(name)),
                fix="delete the file, and make the report again",
            ) from error

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}{_ENDING}"
