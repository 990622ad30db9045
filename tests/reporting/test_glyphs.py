from __future__ import annotations

import pytest
from report_sample import LATENCY

from dlscope.reporting.axis import Axis
from dlscope.reporting.cells import Shown, display
from dlscope.reporting.glyphs import Glyphs, columns_of

UNICODE, ASCII = Glyphs("utf-8"), Glyphs("ascii")
AXIS = Axis(0, 10, "ms")


@pytest.mark.parametrize(
    ("cell", "strip", "plain"),
    [
        (Shown("5", 5.0, 3.0, 7.0), "···━━┃━━··", "...--|--.."),
        (Shown("5", 5.0), "·····┃····", ".....|...."),
        (Shown("0", 0.0, 0.0, 2.0), "┃━━·······", "|--......."),
        (Shown("10", 10.0, 9.0, 10.0), "·········┃", ".........|"),
        (Shown("99", 99.0, 90.0, 110.0), "off scale →", "off scale ->"),
        (Shown("–", is_absent=True), "", ""),
    ],
)
def test_a_strip_shows_value_and_interval(cell, strip, plain):
    assert UNICODE.strip(cell, AXIS, 10) == strip
    assert ASCII.strip(cell, AXIS, 10) == plain


@pytest.mark.parametrize(
    ("share", "bar", "plain"), [(1, "████", "####"), (0.4, "█▋", "##"), (0.01, "", "")]
)
def test_a_bar_grows_by_eighths(share, bar, plain):
    assert UNICODE.bar(share, 4) == bar
    assert ASCII.bar(share, 4) == plain


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("1.2·10⁻³", "1.2e-3"),
        ("tolerance 10⁻⁴", "tolerance 1e-4"),
        ("\u22121\u202f245 µs", "-1245 us"),
        ("18 → 15", "18 -> 15"),
        ("café 漢", "cafe ?"),
    ],
)
def test_ascii_keeps_the_meaning(text, plain):
    assert ASCII.text(text) == plain
    assert UNICODE.text(text) == text


def test_all_signs_have_a_plain_form():
    assert [ASCII.sign(sign) for sign in ("good", "note", "warn", "bad")] == ["ok", "*", "!", "x"]
    assert [UNICODE.sign(sign) for sign in ("good", "note", "warn", "bad")] == ["✓", "●", "▲", "✕"]


def test_wide_and_silent_characters_are_counted_as_the_terminal_draws_them():
    assert [columns_of(text) for text in ("abc", "漢字", "e\u0301", "")] == [3, 4, 1, 0]


def test_every_cell_of_a_real_column_has_a_strip():
    column = display(LATENCY).columns[1]
    assert {len(UNICODE.strip(c, Axis(0, 2000, "ms"), 15)) for c in column.cells} == {15}
