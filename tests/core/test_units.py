from __future__ import annotations

import math

import pytest

from dlscope.core.units import MINUS, Scale, format_interval, format_number, parse_bytes, scale_for

THIN = "\u202f"


@pytest.mark.parametrize(
    ("unit", "values", "expected"),
    [
        ("ns", [18_900_000, 19_800_000, 1_245_000_000], Scale("ms", 1e-6)),
        ("ns", [900], Scale("ns", 1.0)),
        ("ns", [1_500], Scale("µs", 1e-3)),
        ("ns", [2_000_000_000], Scale("s", 1e-9)),
        ("ns", [0, 0, 0, 5_000_000], Scale("ms", 1e-6)),
        ("ns", [math.nan, math.inf], Scale("ns", 1.0)),
        ("ns", [], Scale("ns", 1.0)),
        ("bytes", [150_000_000], Scale("MiB", 2.0**-20)),
        ("share", [0.9], Scale("%", 100.0)),
        ("flop", [3.8e9], Scale("GFLOP", 1e-9)),
        ("1/s", [52.6], Scale("1/s", 1.0)),
        (None, [3.0], Scale("", 1.0)),
    ],
)
def test_one_unit_is_chosen_for_a_whole_column(unit, values, expected):
    assert scale_for(unit, values) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (19.84, "19.8"),
        (9.996, "10.0"),
        (1234.5, f"1{THIN}234"),
        (0.0, "0.00"),
        (-0.914, f"{MINUS}0.914"),
        (0.00012, "1.2·10⁻⁴"),
        (-2.5e7, f"{MINUS}2.5·10⁷"),
        (1497, f"1{THIN}497"),
        (12_345_678, f"12{THIN}345{THIN}678"),
        (math.nan, "NaN"),
        (math.inf, "∞"),
        (-math.inf, f"{MINUS}∞"),
    ],
)
def test_numbers_have_three_significant_digits(value, text):
    assert format_number(value) == text


@pytest.mark.parametrize(
    ("value", "width", "text"),
    [
        (18.9, 0.7, "18.9"),
        (90.0, 27.3, "90"),
        (1245.0, 31.0, f"1{THIN}245"),
        (1245.0, 3000.0, f"1{THIN}200"),
        (131.4, 460.0, "130"),
        (0.4, 30.0, "0.4"),
        (18.9, 0.0, "18.9"),
        (18.9, math.inf, "18.9"),
    ],
)
def test_a_value_shows_no_more_digits_than_its_interval_supports(value, width, text):
    assert format_number(value, width=width) == text


@pytest.mark.parametrize(
    ("lo", "hi", "value", "text"),
    [
        (18.61, 19.28, 18.9, "[18.6, 19.3]"),
        (69.9, 97.2, 90.0, "[70, 97]"),
        (-1.52, -0.41, -0.91, f"[{MINUS}1.5, {MINUS}0.4]"),
        (1e-7, 2e-7, 1.5e-7, "[1.0·10⁻⁷, 2.0·10⁻⁷]"),
        (None, 19.28, 18.9, "[–, 19.3]"),
        (-math.inf, 19.28, 18.9, f"[{MINUS}∞, 19.3]"),
        (-0.001, 0.002, None, f"[{MINUS}0.0010, 0.0020]"),
        (None, None, None, "[–, –]"),
    ],
)
def test_an_interval_has_the_decimals_of_its_value(lo, hi, value, text):
    assert format_interval(lo, hi, value=value) == text


@pytest.mark.parametrize(
    ("text", "size"), [("2GiB", 2 * 1024**3), ("512 MiB", 512 * 1024**2), ("1.5GB", 1_500_000_000)]
)
def test_sizes_are_read_with_either_base(text, size):
    assert parse_bytes(text) == size


def test_refuses_what_is_not_a_size():
    with pytest.raises(ValueError, match=r"^'two' is not a size in bytes$"):
        parse_bytes("two")
