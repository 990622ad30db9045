"""Tables for papers: LaTeX with booktabs, and the digits that every other face shows."""

from __future__ import annotations

import re

from dlscope.core.table import Table
from dlscope.core.units import POWER_OF_TEN, exponent_of
from dlscope.reporting.cells import Shown, ShownColumn, display
from dlscope.reporting.words import plain

_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "%": r"\%",
        "_": r"\_",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "\u2212": r"$-$",
        "\u202f": r"\,",
        "–": "--",
        "—": "---",
        "…": r"\dots{}",
        "×": r"$\times$",
        "±": r"$\pm$",
        "µ": r"$\mu$",
        "≤": r"$\leq$",
        "≥": r"$\geq$",
        "→": r"$\rightarrow$",
        "Δ": r"$\Delta$",
        "∞": r"$\infty$",
    }
)


def table_to_latex(table: Table) -> str:
    """`table` as a `tabular` for the package booktabs; at most 100 rows, the rest counted.

    Numbers stand at the right, units in the header, intervals beside their values.
    """
    shown = display(table)
    places = "".join("r" if column.is_number else "l" for column in shown.columns)
    header = " & ".join(_header(column) for column in shown.columns)
    columns = ([_cell(c, column) for c in column.cells] for column in shown.columns)
    cells = zip(*columns, strict=True)
    rows = [_guarded(" & ".join(row)) + r" \\" for row in cells]
    left_out = [f"% {shown.left_out} further rows left out"] if shown.left_out else []
    lines = [rf"\begin{{tabular}}{{{places}}}", r"\toprule", rf"{header} \\", r"\midrule"]
    return "\n".join([*lines, *rows, *left_out, r"\bottomrule", r"\end{tabular}"]) + "\n"


def escape(text: str) -> str:
    """`text` on one line, with everything that LaTeX would obey escaped."""
    shown = plain(text)
    parts: list[str] = []
    end = 0
    for match in POWER_OF_TEN.finditer(shown):
        parts += [shown[end : match.start()].translate(_ESCAPES), _power(match)]
        end = match.end()
    return "".join([*parts, shown[end:].translate(_ESCAPES)])


def _power(match: re.Match[str]) -> str:
    times = r"\cdot" if match["times"] else ""
    return f"${times}10^{{{exponent_of(match)}}}$"


def _header(column: ShownColumn) -> str:
    return escape(f"{column.header} [{column.unit}]" if column.unit else column.header)


def _guarded(row: str) -> str:
    """`row` so that a leading bracket is not read as an argument of the line break above."""
    return f"{{}}{row}" if row.startswith(("[", "*")) else row


def _cell(cell: Shown, column: ShownColumn) -> str:
    text = f"{cell.text} {cell.interval}" if column.has_interval and cell.interval else cell.text
    return escape(text)
