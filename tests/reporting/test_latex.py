from __future__ import annotations

import re

from awkward_tables import NASTY, large, tables
from hypothesis import given
from report_sample import AGREEMENT

from dlscope.core.table import Column, Table
from dlscope.reporting.latex import escape, table_to_latex


def test_a_table_for_a_paper_has_the_digits_of_every_other_face():
    assert table_to_latex(AGREEMENT) == (
        "\\begin{tabular}{lrrl}\n"
        "\\toprule\n"
        "framework & same top1 & max relative difference & verdict \\\\\n"
        "\\midrule\n"
        "openvino 2026.4.1 & 20 & 6.0$\\cdot10^{-7}$ & agrees \\\\\n"
        "opencv-dnn 5.0 & 20 & 6.0$\\cdot10^{-7}$ & agrees \\\\\n"
        "ncnn 1.0 & 20 & 0.00120 & diverges \\\\\n"
        "litert 2.3.0 & 20 & 9.0$\\cdot10^{-7}$ & agrees \\\\\n"
        "\\bottomrule\n"
        "\\end{tabular}\n"
    )


def test_a_leading_bracket_is_no_argument():
    table = Table("t", (Column("x", "str", "x"),), (("[1]",), ("*",)))
    assert "{}[1] \\\\\n{}* \\\\" in table_to_latex(table)


def test_commands_are_shown_and_not_obeyed():
    assert escape("\\input{a} 5 % of $x_1$") == (r"\textbackslash{}input\{a\} 5 \% of \$x\_1\$")
    for text in NASTY:
        assert not re.search(r"(?<!\\)[%&#_]", escape(text))


def test_rows_left_out_are_counted():
    assert "\n% 99900 further rows left out\n" in table_to_latex(large())


@given(tables())
def test_every_table_has_one_line_per_row(table):
    lines = table_to_latex(table).splitlines()
    assert len(lines) == len(table) + 6
