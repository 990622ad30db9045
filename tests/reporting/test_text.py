from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from awkward_tables import reports
from hypothesis import given
from hypothesis import strategies as st
from report_sample import LATENCY

from dlscope.core.report import Finding, Report, Section
from dlscope.core.table import Column, Table
from dlscope.reporting.text import TextRenderer, encoding_of, gain_of, wants_color

THIN = "\u202f"
GOLDEN_100 = """\
openvino is fastest (18.9 ms), 4.5 % before onnxruntime. ncnn does not compute the same outputs;
litert's run is invalid. n = 20 photographs cannot separate them by accuracy.

framework           p50 ms   95 % interval  0–80 ms          p90 ms  throughput 1/s  verdict
openvino 2026.4.1     18.9    [18.6, 19.3]  ···┃···········    20.1            52.6  ✓ valid
onnxruntime 1.31.1    19.8    [19.5, 20.2]  ···┃···········    21.2            50.3  ✓ valid
opencv-dnn 5.0        50.2    [49.4, 51.8]  ·········┃·····    58.1            19.8  ✓ valid
ncnn 1.0              23.4    [22.8, 24.3]  ····┃··········    26.0            42.1  ▲ diverges
litert 2.3.0            65        [60, 72]  ···········━┃━·    90.4            15.2  ✕ invalid
reference (NumPy)    1_245  [1_231, 1_262]  off scale →           –           0.800  ✓ valid

● openvino is fastest: 4.5 % before onnxruntime   −900 µs
  paired difference −0.9 ms [−1.5, −0.4]
▲ ncnn computes other outputs: 12 times over tolerance
  largest difference 1.2·10⁻³ of the largest logit, tolerance 10⁻⁴; turn fp16 weights off
✕ litert is not comparable
  others took 9 % of its CPU time
▲ BGR for RGB would cost 3 of 20 right answers, while mean confidence hides it
  18 → 15; mean p(label) 0.692 → 0.567
✓ Five of six give the same answers
  agreement rows 1, 2, 4

next   dlscope serve           all of this in the browser
       dlscope profile r-8f2c  where the 19.8 ms go
"""
GOLDEN_80_ASCII = """\
openvino is fastest (18.9 ms), 4.5 % before onnxruntime. ncnn does not compute
the same outputs; litert's run is invalid. n = 20 photographs cannot separate
them by accuracy.

framework           p50 ms  95 % interval  p90 ms  throughput 1/s  verdict
openvino 2026.4.1     18.9   [18.6, 19.3]    20.1            52.6  ok valid
onnxruntime 1.31.1    19.8   [19.5, 20.2]    21.2            50.3  ok valid
opencv-dnn 5.0        50.2   [49.4, 51.8]    58.1            19.8  ok valid
ncnn 1.0              23.4   [22.8, 24.3]    26.0            42.1  ! diverges
litert 2.3.0            65       [60, 72]    90.4            15.2  x invalid
reference (NumPy)     1245   [1231, 1262]       -           0.800  ok valid

*  openvino is fastest: 4.5 % before onnxruntime   -900 us
   paired difference -0.9 ms [-1.5, -0.4]
!  ncnn computes other outputs: 12 times over tolerance
   largest difference 1.2e-3 of the largest logit, tolerance 1e-4; turn fp16
   weights off
x  litert is not comparable
   others took 9 % of its CPU time
   2 more findings: --all

next   dlscope serve           all of this in the browser
       dlscope profile r-8f2c  where the 19.8 ms go
"""
GOLDEN_120_TABLE = """\
framework           p50 ms   95 % interval  0–80 ms                p90 ms  throughput 1/s              verdict
openvino 2026.4.1     18.9    [18.6, 19.3]  ····┃━···············    20.1            52.6  ██████████  ✓ valid
onnxruntime 1.31.1    19.8    [19.5, 20.2]  ·····┃···············    21.2            50.3  █████████▋  ✓ valid
"""  # noqa: E501 - as wide as the terminal it shows


def test_golden_at_100_columns(report):
    assert TextRenderer().report(report).replace(THIN, "_").replace("\u2212", "−") == GOLDEN_100


def test_golden_in_ascii_at_80_columns(report):
    text = TextRenderer().report(report, width=80, encoding="ascii")
    assert text == GOLDEN_80_ASCII
    assert text.isascii()


def test_golden_table_at_120_columns(report):
    assert GOLDEN_120_TABLE in TextRenderer().report(report, width=120)


@pytest.mark.parametrize("width", [80, 100, 120])
def test_a_report_fits_a_screen(report, width):
    lines = TextRenderer().report(report, width=width).splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= width


def test_color_changes_no_character(report):
    colored = TextRenderer().report(report, color=True)
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == TextRenderer().report(report)
    assert "\x1b[1mopenvino is fastest" in colored
    assert "\x1b[32m✓ valid" in colored
    assert "\x1b" not in TextRenderer().report(report)


def test_color_is_a_matter_of_the_caller_alone(report, monkeypatch):
    colored = TextRenderer().report(report, color=True)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    assert TextRenderer().report(report, color=True) == colored


def test_all_shows_every_table_and_finding(report):
    text = TextRenderer().report(report, all=True)
    assert all(title in text for title in ("Latency", "Accuracy", "Agreement", "Pre-processing"))
    assert "centre crop of half the side" in text
    assert "Five of six" in text


def test_rows_left_out_are_counted(large_report):
    text = TextRenderer().report(large_report)
    assert "100\u202f000 rows" in text
    assert len(text.splitlines()) <= 24
    assert len(TextRenderer().report(large_report, all=True).splitlines()) < 110


def test_tables_without_rows_are_left_out_where_no_section_shows_them():
    table = Table("front", (Column("design", "str", "it", role="id"),))
    told = Report("Search", "Nothing meets it.", (table,), sections=(Section("How", ()),))
    for all_ in (False, True):
        assert TextRenderer().report(told, all=all_) == "Nothing meets it.\n"
    assert "no rows" in TextRenderer().report(replace(told, sections=()))


def test_a_table_without_rows_says_so():
    empty = type(LATENCY)(LATENCY.name, LATENCY.columns, ())
    report = Report("t", "Nothing ran.", (empty,), sections=(Section("Latency", (empty,)),))
    assert TextRenderer().report(report).splitlines()[-1] == "no rows"


@pytest.mark.parametrize(
    ("gain", "unit", "text"),
    [
        (-1_900_000.0, "ns", "\u22121.90 ms"),
        (1.45, "×", "+1.45 ×"),
        (0.05, "share", "+5.00 %"),
        (None, "ns", ""),
        (float("nan"), "ns", "NaN ns"),
    ],
)
def test_a_gain_has_a_sign_and_a_unit(gain, unit, text):
    assert gain_of(Finding("note", "c", "t", gain=gain, gain_unit=unit)) == text


class _Stream(io.StringIO):
    def __init__(self, encoding: str, *, terminal: bool) -> None:
        super().__init__()
        self._encoding, self._terminal = encoding, terminal

    @property
    def encoding(self) -> str:
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize(
    ("environ", "terminal", "no_color", "wanted"),
    [
        ({}, True, False, True),
        ({}, False, False, False),
        ({}, True, True, False),
        ({"NO_COLOR": "0"}, True, False, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False, False),
        ({"FORCE_COLOR": "1"}, False, False, True),
        ({"TERM": "dumb"}, True, False, False),
    ],
)
def test_color_is_used_where_it_is_wanted(environ, terminal, no_color, wanted):
    stream = _Stream("utf-8", terminal=terminal)
    assert wants_color(stream, environ, no_color=no_color) is wanted


@pytest.mark.parametrize(
    ("name", "encoding"), [("UTF-8", "utf-8"), ("utf_8", "utf-8"), ("ANSI_X3.4-1968", "ascii")]
)
def test_signs_follow_the_encoding_of_the_stream(name, encoding):
    assert encoding_of(_Stream(name, terminal=True)) == encoding


@given(reports(), st.sampled_from([20, 80, 100, 120]), st.sampled_from(["utf-8", "ascii"]))
def test_every_report_is_text_without_control_codes(report, width, encoding):
    text = TextRenderer().report(report, width=width, encoding=encoding)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", text)
    assert encoding != "ascii" or text.isascii()
    assert TextRenderer().report(report, width=width, encoding=encoding) == text
