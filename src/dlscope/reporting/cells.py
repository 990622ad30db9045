"""`Display`: a Table as every face shows it, one unit per column and intervals beside values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dlscope.core.report import Sign
from dlscope.core.table import Cell, Column, Table
from dlscope.core.units import Scale, format_interval, format_number, scale_for
from dlscope.reporting.words import header_of, plain

ABSENT = "–"
MOST_ROWS = 100
Kind = Literal["text", "number", "share", "verdict"]

_SIGNS: dict[Sign, frozenset[str]] = {
    "good": frozenset(
        (
            *("valid", "ok", "yes", "true", "pass", "passed", "met", "applied", "same", "agrees"),
            *("done", "shown", "right"),
        )
    ),
    "warn": frozenset(("diverges", "differs", "warning", "undecided", "partial", "predicted")),
    "bad": frozenset(
        (
            *("invalid", "no", "false", "fails", "failed", "refused", "error", "missed"),
            *("reversed", "wrong"),
        )
    ),
}


@dataclass(frozen=True)
class Shown:
    """One cell: its `text`, its number and interval ends in the unit of the column.

    A number that is absent or not finite is None; `sign` belongs to verdicts.
    """

    text: str
    number: float | None = None
    lo: float | None = None
    hi: float | None = None
    interval: str = ""
    sign: Sign | None = None
    is_absent: bool = False


@dataclass(frozen=True)
class ShownColumn:
    """One column: `index` is its place in the table, `cells` are those of the rows shown."""

    index: int
    header: str
    unit: str
    kind: Kind
    column: Column
    cells: tuple[Shown, ...]
    has_interval: bool

    @property
    def is_number(self) -> bool:
        """Whether cells stand at the right."""
        return self.kind in ("number", "share")


@dataclass(frozen=True)
class Display:
    """The columns of `table` to draw, for the rows numbered `rows` (from 0)."""

    table: Table
    columns: tuple[ShownColumn, ...]
    rows: tuple[int, ...]

    @property
    def left_out(self) -> int:
        """How many rows of the table are not among those shown."""
        return len(self.table) - len(self.rows)


def display(table: Table, rows: Sequence[int] | None = None) -> Display:
    """`table` ready to draw: the given rows, or the first 100.

    Columns that hold the ends of another column's interval, and have none of their own, are
    folded into it. The unit of a
    column is chosen over all its rows, so that a part reads like the whole.
    """
    chosen = tuple(range(min(len(table), MOST_ROWS)) if rows is None else rows)
    folded = {end for column in table.columns for end in _ends(table, column) if end}
    columns = tuple(
        _shown_column(table, index, chosen)
        for index, column in enumerate(table.columns)
        if column.name not in folded or any(_ends(table, column))
    )
    return Display(table, columns, chosen)


def sign_of(verdict: str) -> Sign:
    """The sign of a verdict by its first word; a word without a meaning is a note."""
    first = verdict.lower().replace(",", " ").replace(":", " ").split()[:1]
    return next((sign for sign, words in _SIGNS.items() if words & set(first)), "note")


def column_scale(table: Table, column: Column) -> Scale:
    """The unit in which every face shows `column` of `table`."""
    return scale_for(column.unit, (n for n in map(_number, table.column(column.name)) if n))


def _ends(table: Table, column: Column) -> tuple[str | None, str | None]:
    """The names of the interval columns of `column` that `table` has."""
    lo, hi = (
        name if name is not None and name in table and name != column.name else None
        for name in (column.lo, column.hi)
    )
    return lo, hi


def _shown_column(table: Table, index: int, rows: Sequence[int]) -> ShownColumn:
    column = table.columns[index]
    lo, hi = _ends(table, column)
    is_numeric = column.dtype in ("int", "float")
    scale = column_scale(table, column) if is_numeric else Scale("", 1.0)
    values = table.column(column.name)
    los = table.column(lo) if lo else ()
    his = table.column(hi) if hi else ()
    cells = tuple(
        _shown(column, scale, values[row], los[row] if lo else None, his[row] if hi else None)
        for row in rows
    )
    return ShownColumn(
        index=index,
        header=header_of(column.name, column.unit),
        unit=plain(scale.unit),
        kind=_kind(column),
        column=column,
        cells=cells,
        has_interval=is_numeric and bool(lo or hi),
    )


def _kind(column: Column) -> Kind:
    if column.role == "verdict":
        return "verdict"
    if column.dtype in ("int", "float"):
        return "share" if column.role == "share" else "number"
    return "text"


def _shown(column: Column, scale: Scale, value: Cell, lo: Cell, hi: Cell) -> Shown:
    if column.dtype in ("int", "float"):
        return _shown_number(scale, value, lo, hi)
    if value is None:
        return Shown(ABSENT, is_absent=True)
    text = ("yes" if value else "no") if isinstance(value, bool) else plain(str(value))
    return Shown(text, sign=sign_of(text) if column.role == "verdict" else None)


def _shown_number(scale: Scale, value: Cell, lo: Cell, hi: Cell) -> Shown:
    number, low, high = (_scaled(end, scale) for end in (value, lo, hi))
    has_interval = low is not None or high is not None
    width = abs(high - low) if low is not None and high is not None else None
    width = width if width and math.isfinite(width) else None
    return Shown(
        text=ABSENT if number is None else format_number(number, width=width),
        number=_finite(number),
        lo=_finite(low),
        hi=_finite(high),
        interval=format_interval(low, high, value=number) if has_interval else "",
        is_absent=number is None,
    )


def _number(cell: Cell) -> float | None:
    return None if cell is None or isinstance(cell, str) else cell


def _scaled(cell: Cell, scale: Scale) -> float | None:
    number = _number(cell)
    if number is None or scale.factor == 1:
        return number
    return number * scale.factor


def _finite(number: float | None) -> float | None:
    """`number` as a float, None where it has no place on an axis."""
    if number is None or not math.isfinite(number) or abs(number) > 1e300:
        return None
    return float(number)
