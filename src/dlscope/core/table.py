"""`Table`: named columns with dtype, unit and documentation; all an analysis returns."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from dlscope.core.digest import digest

Cell = str | int | float | bool | None
DType = Literal["str", "int", "float", "bool"]
Role = Literal["text", "id", "value", "interval", "share", "verdict", "count"]

_PYTHON_TYPES: Mapping[DType, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
}
_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


@dataclass(frozen=True)
class Column:
    """One column: its `name`, `dtype`, `unit` (None for a bare number or text) and meaning.

    `role` and `priority` tell faces how to draw it; `lo` and `hi` name the columns that hold
    the ends of its 95 % interval.
    """

    name: str
    dtype: DType
    doc: str
    unit: str | None = None
    role: Role = "text"
    priority: int = 1
    lo: str | None = None
    hi: str | None = None

    def __post_init__(self) -> None:
        if not self.doc.strip():
            raise ValueError(f"column {self.name} has no documentation")

    def to_json(self) -> dict[str, Any]:
        """The four public fields of the JSON contract."""
        return {"name": self.name, "dtype": self.dtype, "unit": self.unit, "doc": self.doc}


@dataclass(frozen=True)
class Table:
    """Rows of cells under documented columns; None is an absent value, empty is no rows."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...] = ()
    title: str = ""
    note: str = ""
    _index: dict[str, int] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._index.update({column.name: i for i, column in enumerate(self.columns)})
        if len(self._index) != len(self.columns):
            raise ValueError(f"table {self.name}: two columns share a name")
        for row in self.rows:
            self._check(row)

    @classmethod
    def of(
        cls,
        name: str,
        columns: Sequence[Column],
        records: Iterable[Mapping[str, Cell]],
        *,
        title: str = "",
        note: str = "",
    ) -> Self:
        """A table from mappings of column name to cell; a column left out of one is absent."""
        rows = tuple(tuple(record.get(column.name) for column in columns) for record in records)
        return cls(name, tuple(columns), rows, title or name.replace("_", " ").capitalize(), note)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Cell]]:
        names = [column.name for column in self.columns]
        return (dict(zip(names, row, strict=True)) for row in self.rows)

    def __contains__(self, name: str) -> bool:
        return name in self._index

    def column(self, name: str) -> tuple[Cell, ...]:
        """The cells of one column, top to bottom. Raises KeyError for an unknown name."""
        index = self._index[name]
        return tuple(row[index] for row in self.rows)

    def describe(self, name: str) -> Column:
        """The declaration of one column. Raises KeyError for an unknown name."""
        return self.columns[self._index[name]]

    def view(self, *names: str) -> Self:
        """The same rows with only the columns called `names`, in that order, for a face to draw.

        The interval of a column comes with it. Raises KeyError for an unknown name.
        """
        wanted = dict.fromkeys(
            name
            for column in map(self.describe, names)
            for name in (column.name, column.lo, column.hi)
            if name is not None
        )
        indices = [self._index[name] for name in wanted]
        columns = tuple(self.columns[index] for index in indices)
        rows = tuple(tuple(row[index] for index in indices) for row in self.rows)
        return type(self)(self.name, columns, rows, self.title, self.note)

    @property
    def digest(self) -> str:
        """SHA-256 of the JSON form."""
        return digest({"name": self.name, **self.to_json()})

    def to_json(self) -> dict[str, Any]:
        """`{"columns": […], "rows": [[…]]}`; NaN and infinities become their names as strings."""
        return {
            "columns": [column.to_json() for column in self.columns],
            "rows": [[_encode(cell) for cell in row] for row in self.rows],
        }

    @classmethod
    def from_json(cls, name: str, data: Mapping[str, Any]) -> Self:
        """The table that `to_json` wrote (roles and intervals, which faces need, are not kept)."""
        columns = tuple(Column(**column) for column in data["columns"])
        rows = tuple(
            tuple(_decode(cell, column.dtype) for cell, column in zip(row, columns, strict=True))
            for row in data["rows"]
        )
        return cls(name, columns, rows)

    def to_csv(self) -> str:
        """All rows; the header gives the unit in brackets: `mean_ns [ns]`. Absent is empty."""
        header = [
            f"{column.name} [{column.unit}]" if column.unit else column.name
            for column in self.columns
        ]
        rows = (["" if cell is None else _encode(cell) for cell in row] for row in self.rows)
        return _csv_line(header) + "".join(map(_csv_line, rows))

    def to_markdown(self) -> str:
        """The table as Markdown, with the digits that the other faces show."""
        from importlib import import_module

        text: str = import_module("dlscope.reporting.markdown").table_to_markdown(self)
        return text

    def to_latex(self) -> str:
        """The table as LaTeX, with the digits that the other faces show."""
        from importlib import import_module

        text: str = import_module("dlscope.reporting.latex").table_to_latex(self)
        return text

    def _repr_html_(self) -> str:
        from dlscope.core import registry

        html: str = registry.load("renderers", "html")().table(self, rows=20)
        return html

    def _check(self, row: Sequence[Cell]) -> None:
        if len(row) != len(self.columns):
            raise ValueError(
                f"table {self.name}: a row has {len(row)} cells for {len(self.columns)} columns"
            )
        for cell, column in zip(row, self.columns, strict=True):
            wanted = _PYTHON_TYPES[column.dtype]
            is_wrong_bool = isinstance(cell, bool) and column.dtype != "bool"
            if cell is not None and (not isinstance(cell, wanted) or is_wrong_bool):
                raise TypeError(
                    f"table {self.name}: column {column.name} holds {column.dtype}, got {cell!r}"
                )


def _csv_line(cells: Sequence[Cell]) -> str:
    out = io.StringIO()
    # csv quotes a carriage return only where it ends its own lines with one.
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().removesuffix("\r\n") + "\n"


def _encode(cell: Cell) -> Cell:
    if isinstance(cell, float) and not math.isfinite(cell):
        return "NaN" if math.isnan(cell) else ("Infinity" if cell > 0 else "-Infinity")
    return cell


def _decode(cell: Cell, dtype: DType) -> Cell:
    if dtype == "float" and isinstance(cell, str):
        return _NON_FINITE[cell]
    return cell
