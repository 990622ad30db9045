"""What long commands end with, kept in the store: `keep`, `list_kept`, `kept_report`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, final

from dlscope.core.errors import FileError
from dlscope.core.report import Facts, Report, Section
from dlscope.core.table import Cell, Column, Table
from dlscope.reporting.words import plural

if TYPE_CHECKING:
    from dlscope.store.report_shelf import Label, ReportShelf

Kind = Literal["skynet", "adapt"]
KEPT_COLUMNS = (
    Column("report", "str", "name in the store", role="id"),
    Column("made_by", "str", "command that ended with it: train, eval, search, …", priority=3),
    Column("answer", "str", "what it found; unreadable where its file is spoiled"),
    Column("created_utc", "str", "when it ended"),
    Column("title", "str", "what it is about", priority=3),
    Column("command", "str", "what prints the same again", priority=3),
)
_TO_THE_MINUTE = 16


@final
@dataclass(frozen=True)
class _Told:
    """How the reports of a kind are told: a heading, what they are, what makes the first."""

    title: str
    about: str
    first: str


_TOLD: Mapping[Kind, _Told] = {
    "skynet": _Told("SkyNet", "Detectors and trackers", "dlscope skynet train --budget 60s"),
    "adapt": _Told("Adaptation", "Networks moved to a new domain", "dlscope adapt ablate"),
}
KINDS: tuple[Kind, ...] = tuple(_TOLD)
"""What reports are kept of; each has a command `dlscope KIND` and a page `/KIND`."""


def keep(report: Report, kind: Kind, word: str, *, store: str | None = None) -> Report:
    """Keep `report`, which the command `dlscope KIND WORD` ends with; it then tells its name.

    What cannot be kept is told all the same: a result of hours is not lost to a full disk.
    """
    from datetime import UTC, datetime
    from importlib.metadata import version

    now = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        name = _shelf(kind, store).keep(report, word, created_utc=now, version=version("dlscope"))
    except FileError as error:
        told = f"this report is not kept in the store: {error.what} ({error.where})"
        return replace(report, warnings=(*report.warnings, told))
    again = (f"dlscope {kind} show {name}", "the same again, and a page of `dlscope serve`")
    return replace(report, runs=(name,), next_commands=(*report.next_commands, again))


def list_kept(kind: Kind, *, store: str | None = None) -> Report:
    """The reports of `kind` in the store, the newest first; then those that cannot be read."""
    known = list(_shelf(kind, store).labels())
    known.sort(key=lambda each: (each[1].created_utc if each[1] else "", each[0]), reverse=True)
    rows = [_row(name, label) for name, label in known]
    table = Table.of("kept_reports", KEPT_COLUMNS, rows, title="Reports")
    told = _TOLD[kind]
    return Report(
        title=told.title,
        answer=_answer(told, rows),
        tables=(table,),
        sections=(Section("Reports", (table,), "one row a report, the newest first"),),
        next_commands=tuple(_next(kind, rows)),
        command=f"dlscope {kind} list",
        created_utc=known[0][1].created_utc if known and known[0][1] else "",
    )


def kept_report(kind: Kind, name: str, *, store: str | None = None) -> Report:
    """The report that the store has as `name`, with what made it.

    Raises `StoreError` where there is none, and where its file is spoiled.
    """
    label, report = _shelf(kind, store).read(name)
    again = (("The same again", label.command),) if label.command else ()
    made = Facts(
        (
            ("Made by", f"dlscope {kind} {label.word}"),
            *again,
            ("Ended", f"{label.created_utc[:19].replace('T', ' ')} UTC"),
            ("dlscope", label.version),
        )
    )
    return replace(
        report,
        sections=(*report.sections, Section("How this was made", (made,))),
        runs=(name,),
        command=f"dlscope {kind} show {name}",
        created_utc=report.created_utc or label.created_utc,
    )


def kept_names(kind: Kind, *, store: str | None = None) -> tuple[str, ...]:
    """Names of the reports of `kind` in the store."""
    return _shelf(kind, store).names()


def _shelf(kind: Kind, store: str | None) -> ReportShelf:
    from dlscope.store.location import Location
    from dlscope.store.report_shelf import ReportShelf

    return ReportShelf(Location.of(store).folder / kind)


def _row(name: str, label: Label | None) -> dict[str, Cell]:
    if label is None:
        return {"report": name, "made_by": name.rpartition("-")[0], "answer": "unreadable"}
    return {
        "report": name,
        "made_by": label.word,
        "answer": label.answer,
        "created_utc": label.created_utc[:_TO_THE_MINUTE].replace("T", " "),
        "title": label.title,
        "command": label.command or None,
    }


def _answer(told: _Told, rows: list[dict[str, Cell]]) -> str:
    if not rows:
        return f"No report yet: try {told.first}."
    return f"{told.about}: {plural(len(rows), 'report')} of what was trained, searched, measured."


def _next(kind: Kind, rows: list[dict[str, Cell]]) -> Iterator[tuple[str, str]]:
    if rows:
        yield f"dlscope {kind} show {rows[0]['report']}", "all that the newest tells"
    else:
        yield _TOLD[kind].first, "make one"
