"""What the HTML templates draw: tables, findings and figures as plain values, not yet markup."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from dlscope.core.report import Finding, Picture, Sign
from dlscope.core.table import Table
from dlscope.reporting.axis import Axis, axis_of
from dlscope.reporting.cells import Display, Shown, ShownColumn, display
from dlscope.reporting.text import gain_of, rows_of
from dlscope.reporting.words import plain, plural

SIGNS: Mapping[Sign, str] = {"good": "✓", "note": "●", "warn": "▲", "bad": "✕"}
MOST_NAME = 200
WIDE_PX = 480
SHORT = 24
"""Characters of a text that keeps its words whole and takes no more room than it needs."""
_CLAIM_ENDS = (": ", "; ", ", ")


@dataclass(frozen=True)
class Head:
    """A column's header: `index` is its place in the whole table, -1 for a drawn strip."""

    text: str
    unit: str
    kind: str
    priority: int
    index: int
    doc: str


@dataclass(frozen=True)
class Mark:
    """One drawn cell: text, and what its `kind` needs (percentages, a sign, spoken words)."""

    kind: str
    text: str
    priority: int
    sign: Sign | None = None
    is_absent: bool = False
    low: str = ""
    width: str = ""
    at: str = ""
    is_off: bool = False
    spoken: str = ""


@dataclass(frozen=True)
class Row:
    """A row of marks; `number` is its place in the whole table, -1 where rows are left out."""

    number: int
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class TableView:
    """A table to draw under the anchor `id`; `left_out` says in words what is missing."""

    id: str
    number: int
    name: str
    title: str
    note: str
    heads: tuple[Head, ...]
    rows: tuple[Row, ...]
    left_out: str

    @property
    def is_whole(self) -> bool:
        """Whether all rows are drawn, so that sorting them means something."""
        return not any(row.number < 0 for row in self.rows) and "row" not in self.left_out


@dataclass(frozen=True)
class FindingView:
    """A claim to draw: its `head` in bold, the rest, the evidence as words and a link."""

    sign: Sign
    head: str
    tail: str
    said: str
    gain: str
    source: str = ""
    href: str = ""


@dataclass(frozen=True)
class FigureView:
    """A figure to draw: SVG by width, or `problem` and the table in its place."""

    number: int
    title: str
    caption: str
    drawings: Mapping[str, str]
    legend: Sequence[Mapping[str, str]] = ()
    problem: str = ""
    fix: str = ""
    table: TableView | None = None
    source: str = ""


@dataclass(frozen=True)
class PictureView:
    """A picture to draw: an address that holds all of it, and the words around it.

    `width_px` is how wide the picture itself is, 0 where its file does not say.
    """

    title: str
    source: str
    alt: str
    caption: str
    width_px: int = 0

    @property
    def is_wide(self) -> bool:
        """Whether it has a row to itself: several tiles in one picture."""
        return self.width_px > WIDE_PX

    @classmethod
    def of(cls, picture: Picture) -> Self:
        """The view of `picture`."""
        title, alt, caption = map(plain, (picture.title, picture.alt, picture.caption))
        return cls(title, picture.source, alt, caption, _width_px(picture.content))


@dataclass(frozen=True)
class SectionView:
    """A numbered section: `blocks` are (kind, value) pairs; `source` is its only table."""

    id: str
    number: int
    title: str
    note: str
    blocks: tuple[tuple[str, Any], ...] = ()
    source: str = ""


def table_view(
    table: Table, *, id: str, number: int = 0, rows: Sequence[int] | None = None, columns: int = 99
) -> TableView:
    """`table` ready for the template: the rows given, or the first 100; at most `columns`."""
    shown = display(table, rows)
    drawn = shown.columns[:columns]
    axes = {column.index: axis_of(column) if column.has_interval else None for column in drawn}
    heads = tuple(head for column in drawn for head in _heads(column, axes[column.index]))
    lines = [_marks(column, axes[column.index]) for column in drawn]
    views = [
        Row(number, tuple(mark for line in lines for mark in line[position]))
        for position, number in enumerate(shown.rows)
    ]
    return TableView(
        id=id,
        number=number,
        name=plain(table.name),
        title=plain(table.title or table.name.replace("_", " ")),
        note=plain(table.note),
        heads=heads,
        rows=tuple(_with_gaps(views)),
        left_out=_left_out(shown, len(drawn)),
    )


def finding_view(
    finding: Finding, sources: Mapping[str, str], numbers: Mapping[str, int]
) -> FindingView:
    """`finding` with a link to its rows where its table is among `sources` (name to anchor)."""
    claim = plain(finding.claim)
    ends = [claim.index(end) for end in _CLAIM_ENDS if end in claim]
    cut_at = min(ends, default=len(claim))
    said = [part for part in (plain(finding.detail), plain(finding.advice)) if part]
    number = numbers.get(finding.evidence, 0)
    name = f"table {number}" if number else plain(finding.evidence)
    anchor = sources.get(finding.evidence, "")
    return FindingView(
        sign=finding.sign,
        head=claim[:cut_at],
        tail=claim[cut_at:],
        said=" · ".join(said),
        gain=gain_of(finding),
        source=f"{name} {rows_of(finding)}".strip(),
        href=f"#{anchor}" if anchor else "",
    )


def percent(share: float) -> str:
    """A share of a width for CSS, with at most two decimals: `31.25%`."""
    return f"{round(100 * share, 2):g}%"


def _heads(column: ShownColumn, axis: Axis | None) -> Iterator[Head]:
    priority = min(max(column.column.priority, 1), 3)
    doc = plain(column.column.doc)
    yield Head(column.header, column.unit, _kind(column), priority, column.index, doc)
    if column.has_interval:
        scale = axis.label if axis else ""
        yield Head("95 % interval", scale, "strip", priority, -1, f"interval of: {doc}")


def _marks(column: ShownColumn, axis: Axis | None) -> list[list[Mark]]:
    priority = min(max(column.column.priority, 1), 3)
    numbers = [cell.number for cell in column.cells if cell.number is not None]
    most = max(numbers, default=0.0)
    kind, marks = _kind(column), []
    for cell in column.cells:
        line = [_value(cell, kind, priority, most)]
        if column.has_interval:
            line.append(_strip(cell, column, axis, priority))
        marks.append(line)
    return marks


def _kind(column: ShownColumn) -> str:
    """The kind of a column, with the word `short` where none of its texts is long."""
    is_short = all(len(cell.text) <= SHORT for cell in column.cells)
    return "text short" if column.kind == "text" and is_short else column.kind


def _value(cell: Shown, kind: str, priority: int, most: float) -> Mark:
    text = cell.text if len(cell.text) <= MOST_NAME else f"{cell.text[: MOST_NAME - 1]}…"
    share = max(cell.number or 0.0, 0.0) / most if most > 0 else 0.0
    return Mark(
        kind="text" if cell.is_absent and kind == "verdict" else kind,
        text=text,
        priority=priority,
        sign=cell.sign,
        is_absent=cell.is_absent,
        width=percent(share),
    )


def _strip(cell: Shown, column: ShownColumn, axis: Axis | None, priority: int) -> Mark:
    unit = f" {column.unit}" if column.unit else ""
    spoken = f"{cell.text}{unit}, 95 % interval {cell.interval}" if cell.interval else ""
    mark = Mark("strip", cell.interval, priority, is_absent=not cell.interval, spoken=spoken)
    if axis is None or cell.number is None:
        return mark
    off = axis.is_off(cell)
    lo, hi = sorted(cell.number if end is None else end for end in (cell.lo, cell.hi))
    low, high = axis.place(lo), axis.place(hi)
    return Mark(
        "strip",
        cell.interval,
        priority,
        is_absent=not cell.interval,
        low=percent(low),
        width=percent(high - low),
        at=percent(axis.place(cell.number)),
        is_off=off,
        spoken=spoken or cell.text,
    )


def _with_gaps(rows: Sequence[Row]) -> Iterator[Row]:
    previous = -1
    for row in rows:
        if previous >= 0 and row.number > previous + 1:
            yield Row(-1, ())
        yield row
        previous = row.number


def _left_out(shown: Display, columns: int) -> str:
    said = []
    if shown.left_out:
        said.append(f"{len(shown.rows)} of {plural(len(shown.table), 'row')} drawn")
    if columns < len(shown.columns):
        names = ", ".join(column.header for column in shown.columns[columns:])
        said.append(f"not drawn: {names[:MOST_NAME]}")
    return "; ".join(said)


def _width_px(content: bytes) -> int:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as image:
            return image.width
    except (OSError, ValueError, SyntaxError):
        return 0
