from __future__ import annotations

import pytest
from awkward_tables import tables
from hypothesis import example, given
from hypothesis import strategies as st
from report_sample import LATENCY, STUDY

from dlscope.core.table import Column, Table
from dlscope.reporting.cells import display
from dlscope.reporting.glyphs import Glyphs, columns_of
from dlscope.reporting.layout import fit, lines

UNICODE = Glyphs("utf-8")

RARE = "000 000\u0e5c\u0e5c\u0fdb\u2d68"


def _drawn(table: Table, width: int) -> list[str]:
    fitted = fit(display(table), UNICODE, width)
    return ["".join(text for text, _ in line).rstrip() for line in lines(fitted)]


@pytest.mark.parametrize(
    ("width", "dropped"),
    [(120, ()), (100, ()), (80, ("max logit change",)), (60, ("mean p label", "max logit change"))],
)
def test_columns_go_by_priority(width, dropped):
    gone = fit(display(STUDY), UNICODE, width).dropped
    assert set(dropped) <= set(gone)
    assert max(map(len, _drawn(STUDY, width))) <= width


def test_names_are_cut_in_the_middle_and_numbers_never():
    columns = (Column("name", "str", "name"), Column("x", "int", "number", role="count"))
    table = Table("t", columns, (("a_very_long_name_of_something_indeed", 123_456_789),))
    assert _drawn(table, 24) == [
        "name                   x",
        "a_ver…ndeed  123\u202f456\u202f789",
    ]


def test_numbers_stand_at_the_right_under_a_header_with_the_unit():
    header, first, *_ = _drawn(LATENCY, 78)
    end = header.index("p50 ms") + len("p50 ms")
    assert first[:end].endswith("  18.9")


def test_a_long_header_is_wrapped():
    columns = (Column("x", "int", "x", role="count"), Column("largest_change_of_any", "int", "x"))
    assert _drawn(Table("t", columns, ((1, 2),)), 80)[-2:] == [
        "x   of any",
        "1        2",
    ]


def test_a_header_of_wide_characters_is_wrapped_by_the_columns_that_it_takes():
    columns = (Column("x", "int", "x", role="count"), Column("最大の 変化の割合", "int", "x"))
    assert _drawn(Table("t", columns, ((1, 2),)), 80)[:2] == ["       最大の", "x  変化の割合"]


@given(tables(), st.integers(20, 130))
@example(Table("t", (Column("name", "str", "n"), Column(RARE, "str", "r")), ()), 20)
def test_every_table_is_laid_out(table, width):
    fitted = fit(display(table), UNICODE, width)
    drawn = list(lines(fitted))
    assert all("\n" not in text for line in drawn for text, _ in line)
    if len(fitted.fields) > 1:
        assert max(columns_of("".join(t for t, _ in line).rstrip()) for line in drawn) <= width
