"""A Display fitted into the width of a terminal: fields are dropped, then names are cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dlscope.core.report import Sign
from dlscope.reporting.axis import axis_of
from dlscope.reporting.cells import ABSENT, Display, Shown, ShownColumn
from dlscope.reporting.glyphs import Glyphs, columns_of
from dlscope.reporting.words import cut

GAP = "  "
_STRIP_LENGTHS = (21, 15, 11)
_BAR_LENGTH = 10
_NARROWEST_NAME = 8
_WIDEST_HEADER = 14
_SIGN_STYLES: dict[Sign, str] = {"good": "good", "note": "", "warn": "warn", "bad": "bad"}

Piece = tuple[str, str]
Line = list[Piece]


@dataclass(frozen=True)
class Field:
    """A column of characters: pieces of (text, style), and how readily it goes (`rank`, 0 last)."""

    name: str
    header: str
    cells: tuple[Piece, ...]
    rank: float
    is_right: bool = False
    is_name: bool = False
    is_bar: bool = False

    @property
    def width(self) -> int:
        """Columns of the terminal that this takes: its cells, and its header wrapped."""
        words = [columns_of(word) for word in self.header.split()]
        header = columns_of(self.header)
        wrapped = max(words, default=0) if header > _WIDEST_HEADER else header
        return max([columns_of(text) for text, _ in self.cells] + [wrapped])


@dataclass(frozen=True)
class Fitted:
    """What is drawn within the width, and the names of the columns that are not."""

    fields: tuple[Field, ...]
    dropped: tuple[str, ...]


def fit(shown: Display, glyphs: Glyphs, width: int) -> Fitted:
    """The fields of `shown` that fit into `width`: by priority, then with shorter names.

    Numbers are never cut: where even the names cannot give way, columns go from the right.
    """
    dropped: list[str] = []
    fields = _with_longest_strip(shown, glyphs, width)
    while _total(fields) > width and any(field.rank > 0 for field in fields):
        rank = max(field.rank for field in fields)
        last = max(i for i, field in enumerate(fields) if field.rank == rank)
        dropped.insert(0, fields.pop(last).name)
    fields = _shorten_names(fields, width, glyphs)
    while _total(fields) > width and len(fields) > 1:
        dropped.insert(0, fields.pop().name)
    return Fitted(tuple(fields), tuple(dict.fromkeys(name for name in dropped if name)))


def _with_longest_strip(shown: Display, glyphs: Glyphs, width: int) -> list[Field]:
    """All fields, with the longest strip for which all but the bars fit; else the shortest."""
    fields: list[Field] = []
    for length in _STRIP_LENGTHS:
        fields = [
            _cut_name(field, max(24, width // 3), glyphs)
            for field in _fields(shown, glyphs, length)
        ]
        if _total([field for field in fields if not field.is_bar]) <= width:
            break
    return fields


def lines(fitted: Fitted) -> Iterator[Line]:
    """The header lines, dim, then one line per row."""
    widths = [field.width for field in fitted.fields]
    headers = [
        _wrapped(field.header, width) for field, width in zip(fitted.fields, widths, strict=True)
    ]
    height = max((len(header) for header in headers), default=0)
    for level in range(height):
        texts = [([""] * (height - len(header)) + header)[level] for header in headers]
        yield _line([(text, "dim") for text in texts], fitted.fields, widths)
    for cells in zip(*(field.cells for field in fitted.fields), strict=True):
        yield _line(cells, fitted.fields, widths)


def _wrapped(header: str, width: int) -> list[str]:
    """Words of `header` on lines of at most `width` columns of the terminal; none is broken."""
    found = [""]
    for word in header.split():
        longer = f"{found[-1]} {word}".strip()
        if columns_of(longer) <= width:
            found[-1] = longer
        else:
            found.append(word)
    return [line for line in found if line] or [""]


def _line(pieces: Sequence[Piece], fields: Sequence[Field], widths: Sequence[int]) -> Line:
    line: Line = []
    for (text, style), field, width in zip(pieces, fields, widths, strict=True):
        space = " " * (width - columns_of(text))
        line += [(space, ""), (text, style)] if field.is_right else [(text, style), (space, "")]
        line.append((GAP, ""))
    return line


def _fields(shown: Display, glyphs: Glyphs, strip_length: int) -> Iterator[Field]:
    has_strip = False
    for column in shown.columns:
        yield _value_field(column, glyphs)
        if column.has_interval:
            yield from _interval_fields(column, glyphs, 0 if has_strip else strip_length)
            has_strip = True
        if column.kind == "share":
            yield _bar_field(column, glyphs)


def _value_field(column: ShownColumn, glyphs: Glyphs) -> Field:
    header = f"{column.header} {column.unit}".strip()
    return Field(
        name=glyphs.text(column.header),
        header=glyphs.text(header),
        cells=tuple(_piece(cell, column, glyphs) for cell in column.cells),
        rank=float(max(column.column.priority - 1, 0)),
        is_right=column.is_number,
        is_name=column.kind == "text",
    )


def _piece(cell: Shown, column: ShownColumn, glyphs: Glyphs) -> Piece:
    text = glyphs.text(cell.text)
    if cell.is_absent:
        return glyphs.text(ABSENT), "dim"
    if column.kind == "verdict" and cell.sign is not None:
        return f"{glyphs.sign(cell.sign)} {text}", _SIGN_STYLES[cell.sign]
    return text, ""


def _interval_fields(column: ShownColumn, glyphs: Glyphs, strip_length: int) -> Iterator[Field]:
    priority = float(max(column.column.priority - 1, 0))
    texts = tuple((glyphs.text(cell.interval), "") for cell in column.cells)
    yield Field("", "95 % interval", texts, rank=priority + 0.5, is_right=True)
    axis = axis_of(column) if strip_length else None
    if axis is not None:
        strips = tuple((glyphs.strip(c, axis, strip_length), "accent") for c in column.cells)
        yield Field("", glyphs.text(axis.label), strips, rank=priority + 1.5)


def _bar_field(column: ShownColumn, glyphs: Glyphs) -> Field:
    most = max((cell.number for cell in column.cells if cell.number is not None), default=0.0)
    bars = tuple(
        (glyphs.bar((cell.number or 0.0) / most, _BAR_LENGTH) if most > 0 else "", "accent")
        if (cell.number or 0.0) > 0
        else ("", "")
        for cell in column.cells
    )
    rank = float(max(column.column.priority - 1, 0)) + 2
    return Field("", "", bars, rank=rank, is_bar=True)


def _total(fields: Sequence[Field]) -> int:
    return sum(field.width for field in fields) + len(GAP) * (len(fields) - 1)


def _shorten_names(fields: list[Field], width: int, glyphs: Glyphs) -> list[Field]:
    while (excess := _total(fields) - width) > 0:
        names = [i for i, field in enumerate(fields) if field.is_name]
        widest = max(names, key=lambda i: fields[i].width, default=None)
        if widest is None or fields[widest].width <= _NARROWEST_NAME:
            break
        length = max(_NARROWEST_NAME, fields[widest].width - excess)
        shorter = _cut_name(fields[widest], length, glyphs)
        if shorter.width >= fields[widest].width:
            break
        fields = [*fields[:widest], shorter, *fields[widest + 1 :]]
    return fields


def _cut_name(field: Field, length: int, glyphs: Glyphs) -> Field:
    if not field.is_name:
        return field
    cells = tuple((_cut_to(text, length, glyphs), style) for text, style in field.cells)
    return replace(field, cells=cells)


def _cut_to(text: str, length: int, glyphs: Glyphs) -> str:
    """`text` in at most `length` terminal columns."""
    characters = length
    shorter = text
    while columns_of(shorter) > length and characters > 1:
        shorter = cut(text, characters)
        if glyphs.encoding == "ascii":
            shorter = shorter.replace("…", "~")
        characters -= 1
    return shorter
