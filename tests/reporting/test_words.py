from __future__ import annotations

import pytest

from dlscope.reporting.words import cut, header_of, plain, plural


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\r\ntwo\tthree  four", "one two three four"),
        ("\x1b[31mred\x07", "\ufffd[31mred\ufffd"),
        ("\u202egnp.exe", "gnp.exe"),
        ("שלום", "שלום"),
        ("\ud800", "\ufffd"),
        ("  ", ""),
    ],
)
def test_words_from_outside_stay_on_one_line_and_do_nothing(text, shown):
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("name", "unit", "header"),
    [
        ("p50_ns", "ns", "p50"),
        ("peak_memory_bytes", "bytes", "peak memory"),
        ("throughput_per_s", "1/s", "throughput"),
        ("top1_share", "share", "top1"),
        ("layer_duration_us", "µs", "layer duration"),
        ("movement_pct", "%", "movement"),
        ("p50_ns", None, "p50 ns"),
        ("_ns", "ns", "ns"),
        ("latency_ms_per_input", "ms", "latency per input"),
        ("bandwidth_bytes_per_s", "bytes/s", "bandwidth"),
        ("flops", "flop", "work"),
        ("mean_fps", "1/s", "mean rate"),
        ("macs", None, "macs"),
        ("<b>", "<i>", "<b>"),
    ],
)
def test_a_header_leaves_the_unit_to_its_own_line(name, unit, header):
    assert header_of(name, unit) == header


@pytest.mark.parametrize(("length", "text"), [(9, "efficient"), (5, "ef…nt"), (2, "e…")])
def test_a_name_is_cut_in_the_middle(length, text):
    assert cut("efficient", length) == text


def test_counts_name_their_noun():
    assert (plural(1, "row"), plural(100_000, "row")) == ("1 row", "100\u202f000 rows")
