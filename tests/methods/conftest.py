"""Tables as text, to be read beside the code that makes them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dlscope.core.table import Cell, Table


def _cell(value: Cell) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


@pytest.fixture(scope="session")
def text() -> Callable[..., str]:
    """A table's chosen columns as aligned text."""

    def as_text(table: Table, *names: str) -> str:
        rows = [list(names), *([_cell(row[name]) for name in names] for row in table)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(names))]
        lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
        return "\n" + "\n".join(lines) + "\n"

    return as_text
