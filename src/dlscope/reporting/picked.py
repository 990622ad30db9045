"""Columns of a Display picked by name, as figures name, label and head them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dlscope.reporting.cells import Display, ShownColumn
from dlscope.reporting.words import cut

_MOST_LABEL = 40
_BETWEEN = " · "


def column(shown: Display, name: str) -> ShownColumn:
    """The column called `name`, which must be among those shown."""
    return next(each for each in shown.columns if each.column.name == name)


def texts(shown: Display, *names: str) -> list[str]:
    """The cells of the columns `names`, joined row by row; empty texts without names.

    Long ones are cut in the middle, unless that would make different ones equal.
    """
    parts = [[cell.text for cell in column(shown, name).cells] for name in names]
    if not parts:
        return [""] * len(shown.rows)
    whole = [_BETWEEN.join(row) for row in zip(*parts, strict=True)]
    short = {text: cut(text, _MOST_LABEL) for text in whole}
    return whole if len(set(short.values())) < len(short) else [short[text] for text in whole]


def changing(shown: Display, names: Sequence[str]) -> list[str]:
    """Those of `names` that tell rows apart which those before do not; the first if none does."""
    kept: list[str] = []
    apart = 1
    for name in names:
        cells = [column(shown, each).cells for each in (*kept, name)]
        found = len({tuple(cell.text for cell in row) for row in zip(*cells, strict=True)})
        if found > apart:
            kept, apart = [*kept, name], found
    return kept or list(names[:1])


def numbered(labels: Iterable[str]) -> list[str]:
    """The labels, a number after each that came before."""
    seen: dict[str, int] = {}
    names = []
    for text in labels:
        seen[text] = seen.get(text, 0) + 1
        names.append(text if seen[text] == 1 else f"{text} ({seen[text]})")
    return names


def first(labels: Iterable[str], count: int) -> list[str]:
    """The first `count` different labels."""
    return list(dict.fromkeys(labels))[:count]


def titled(shown: ShownColumn) -> str:
    """The header of a column with its unit: `p50, ms`."""
    return f"{shown.header}, {shown.unit}" if shown.unit else shown.header


def heading(text: str) -> str:
    """`text` with a capital letter in front."""
    return text[:1].upper() + text[1:]
