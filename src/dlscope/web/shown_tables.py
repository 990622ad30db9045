"""`ShownTable`: a table of a page, its rows sorted as the address says, its cells linked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import final
from urllib.parse import quote

from dlscope.core.table import Cell, Table
from dlscope.reporting.cells import MOST_ROWS
from dlscope.reporting.view import TableView, table_view
from dlscope.web.queries import Query

Target = Callable[[str, Cell], str]
FORMS = ("csv", "json")


@final
@dataclass(frozen=True)
class Sort:
    """Where a click on a header leads, `more` with Shift; `aria` is how it is sorted now."""

    href: str
    more: str
    aria: str = ""


@final
@dataclass(frozen=True)
class ShownTable:
    """A table to draw; `sorts` by place of the column, `links` to the same rows by form."""

    view: TableView
    table: Table
    sorts: Mapping[int, Sort]
    links: Sequence[tuple[str, str]]
    targets: Mapping[int, Target]
    picks: bool = False
    marked: Callable[[int, int], bool] = lambda _row, _column: False

    def target(self, row: int, column: int) -> str:
        """The address that a cell leads to, empty where it leads nowhere."""
        if column not in self.targets:
            return ""
        cell = self.table.rows[row][column]
        return "" if cell is None else self.targets[column](self.table.columns[column].name, cell)

    def raw(self, row: int, column: int) -> Cell:
        """The cell as the table holds it."""
        return self.table.rows[row][column]


def shown_table(
    table: Table,
    query: Query,
    number: int,
    *,
    path: str | None = None,
    targets: Mapping[str, Target] | None = None,
    picks: bool = False,
    baseline: str | None = None,
    most: int = MOST_ROWS,
) -> ShownTable:
    """`table` under the anchor `t{number}`, sorted by the keys `NAME.COLUMN` of the address.

    The first `most` rows are drawn. With a `baseline` the cells that differ from those of that
    column are marked.
    """
    keys = [key for key in query.texts("sort") if key.startswith(f"{table.name}.")]
    own = [key.partition(".")[2] for key in keys]
    own = [key for key in own if key.removeprefix("-") in table]
    order = sorted_rows(table, own)[:most]
    others = [key for key in query.texts("sort") if key not in keys]
    sorts = {
        index: _sort(query, column.name, own, lambda key: f"{table.name}.{key}", others)
        for index, column in enumerate(table.columns)
    }
    return ShownTable(
        table_view(table, id=f"t{number}", number=number, rows=order),
        table,
        sorts,
        table_links(table.name, query, path),
        _by_place(table, {**_RUNS, **(targets or {})}),
        picks,
        _marks(table, baseline),
    )


def sort_of(query: Query, word: str, keys: Sequence[str]) -> Sort:
    """The sorting of a listing by `word`, where the address holds bare words as `keys`."""
    return _sort(query, word, keys, lambda key: key, ())


def sorted_rows(table: Table, keys: Sequence[str]) -> list[int]:
    """Numbers of the rows in the order of `keys`, absent cells last, equal ones as they stood."""
    order = list(range(len(table)))
    for key in reversed(keys):
        cells = table.column(key.removeprefix("-"))
        there = [row for row in order if not _is_absent(cells[row])]
        there.sort(key=lambda row: _rank(cells[row]), reverse=key.startswith("-"))
        order = there + [row for row in order if _is_absent(cells[row])]
    return order


def table_links(name: str, query: Query, path: str | None) -> list[tuple[str, str]]:
    """Links to the table called `name` as `.csv` and `.json`."""
    base = path or query.path
    changed = {"table": [name], "page": []}
    return [(f".{form}", query.with_(changed, f"{base}.{form}")) for form in FORMS]


def run_target(name: str, cell: Cell) -> str:
    """The page of a run."""
    del name
    return f"/runs/{quote(str(cell))}"


_RUNS: Mapping[str, Target] = {"run": run_target}


def _by_place(table: Table, targets: Mapping[str, Target]) -> Mapping[int, Target]:
    names = [column.name for column in table.columns]
    return {names.index(name): target for name, target in targets.items() if name in names}


def _marks(table: Table, baseline: str | None) -> Callable[[int, int], bool]:
    if baseline is None or baseline not in table:
        return lambda _row, _column: False
    place = [column.name for column in table.columns].index(baseline)
    return lambda row, column: column > 0 and table.rows[row][column] != table.rows[row][place]


def _sort(
    query: Query,
    name: str,
    keys: Sequence[str],
    written: Callable[[str], str],
    others: Sequence[str],
) -> Sort:
    now = next((key for key in keys if key.removeprefix("-") == name), None)
    new = f"-{name}" if now == name else name
    kept = [key for key in keys if key != now]
    aria = "" if now is None else "descending" if now.startswith("-") else "ascending"

    def href(chosen: Sequence[str]) -> str:
        words = ",".join([*others, *map(written, chosen)])
        return query.with_({"sort": [words], "page": []})

    return Sort(href([new]), href([*kept, new]), aria)


def _is_absent(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _rank(cell: Cell) -> tuple[int, float, str]:
    if isinstance(cell, str):
        return 1, 0.0, cell.casefold()
    assert cell is not None
    return 0, float(cell), ""
