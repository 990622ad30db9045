from __future__ import annotations

from dlscope.core.table import Table
from dlscope.methods.skynet.fixed_point_sweep import FIXED_COLUMNS
from dlscope.methods.skynet.int8_comparison import INT8_COLUMNS
from dlscope.methods.skynet.quantize_report import Measured, quantize_report

LOOKED_AT = Measured("dac.weights", "photographs", 20, "uav-synth", 128)


def int8(lost):
    rows = [
        {"model": "float32", "mean_iou": 0.6, "iou_with_float": 1.0, "ratio": 1.0},
        {"model": "int8", "mean_iou": 0.59, "iou_with_float": 0.97, "ratio": 0.6},
    ]
    rows[1]["lost_iou"] = lost
    return Table.of("int8", INT8_COLUMNS, rows)


def fixed(truth=None):
    rows = [
        {"scheme": "skynet-ultra96", "map_integer_bits": "3", "iou_with_float": 0.9},
        {"map_integer_bits": "calibrated", "iou_with_float": 0.93},
    ]
    known = {"map_bits": 9, "weight_bits": 11, "mean_iou": truth, "lost_iou": None}
    return Table.of("fixed_point", FIXED_COLUMNS, [{**known, **row} for row in rows])


def test_answers_with_what_is_lost_and_gained():
    report = quantize_report(LOOKED_AT, int8(0.01), fixed())
    assert report.answer == (
        "8-bit integers: mean IoU 0.590, +0.010 lost, in 0.60 of the time. Fixed point: 9 bits of "
        "maps and 11 of weights with integer bits of each tensor's own come nearest to floats, "
        "overlap 0.930."
    )
    assert [table.name for table in report.tables] == ["int8", "fixed_point"]
    assert report.warnings == ()


def test_says_the_overlap_with_floats_where_there_is_no_truth():
    report = quantize_report(LOOKED_AT, int8(None), None)
    assert (
        report.answer
        == "8-bit integers: overlap with the boxes of floats 0.970, in 0.60 of the time."
    )


def test_finds_what_integer_bits_of_their_own_change():
    (finding,) = quantize_report(LOOKED_AT, None, fixed()).findings
    assert finding.claim == (
        "Integer bits of each tensor's own rather than those of skynet-ultra96 change the overlap "
        "with the boxes of floats by +0.030"
    )
    assert (finding.evidence, finding.rows) == ("fixed_point", (0, 1))


def test_draws_the_overlap_with_the_truth_where_it_is_known():
    for truth, value in ((None, "iou with float"), (0.5, "mean iou")):
        (section,) = (
            each for each in quantize_report(LOOKED_AT, None, fixed(truth)).sections
            if each.title == "Fixed point"
        )  # fmt: skip
        assert value in section.blocks[0].title.lower()


def test_warns_of_ranges_from_few_images():
    few = Measured("dac.weights", "photographs", 20, "photographs", 99)
    assert quantize_report(few, None, fixed()).warnings == (
        "ranges are from 99 images; take 100 or more",
    )
