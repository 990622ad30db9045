from __future__ import annotations

import pytest
from small_detectors import small_detector
from square_images import SquareImages

from dlscope.core.errors import PlanError
from dlscope.methods.skynet.detector_file import load_detector
from dlscope.methods.skynet.fixed_point_sweep import Bits, Tuning, all_bits, preset_bits, sweep
from dlscope.methods.skynet.int8_comparison import float_answers
from dlscope.methods.skynet.measured_images import single_inputs
from dlscope.methods.skynet.observing import observe
from dlscope.methods.skynet.prepared_images import prepared_images


def told(step, share):
    del step, share


@pytest.fixture(scope="module")
def small():
    detector = small_detector()
    images = prepared_images(SquareImages(3), detector.size, resize="nearest")
    observed = observe(detector.graph, single_inputs(images))
    return detector, images, float_answers(detector, images), observed


def test_tries_every_combination(small):
    asked = all_bits((16, 4), (16, 4), ("calibrated", 3))
    heard = []
    table = sweep(*small, asked, told=lambda step, _share: heard.append(step))
    assert len(table.rows) == len(set(heard)) == 8
    assert "16 bits of maps, 4 of weights, integer bits calibrated" in heard
    assert table.column("map_integer_bits")[:4] == ("calibrated",) * 4
    assert table.column("weight_integer_bits")[::4] == ("calibrated", "4")
    overlap = table.column("iou_with_float")
    assert overlap[0] == pytest.approx(1.0, abs=0.05)
    assert overlap[0] > overlap[3]
    assert all(0 <= share <= 1 for share in table.column("switches"))
    assert table.column("lost_iou")[0] == pytest.approx(0.0, abs=0.05)


def test_a_published_scheme_has_its_name(small):
    table = sweep(*small, [preset_bits("skynet-ultra96"), Bits(9, 11, 4)], told=told)
    assert table.column("scheme") == ("skynet-ultra96", None)
    assert [table.column(name)[0] for name in ("map_bits", "weight_bits")] == [9, 11]


@pytest.mark.slow
def test_trains_the_first_combination_in_its_formats_and_writes_it(small, tmp_path):
    pytest.importorskip("torch")
    detector, images, floats, _ = small
    tuning = Tuning(images, iterations=2, output=tmp_path / "tuned.onnx")
    table = sweep(*small, [Bits(8, 8, "calibrated")], tuning=tuning, told=told)
    assert table.column("tuned") == (0, 2)
    written = load_detector(tmp_path / "tuned.yaml")
    assert (written.anchors, written.resize) == (detector.anchors, detector.resize)
    again = float_answers(written, images)
    told_of = again.told_beside(floats, images)
    assert told_of["iou_with_float"] == pytest.approx(table.column("iou_with_float")[1], abs=0.02)


@pytest.mark.parametrize(
    ("bits", "what", "fix"),
    [
        ((9, 11, 12), "12 integer bits do not fit into 9 bits", "give at most 9 integer bits"),
        ((1, 11, 1), "a number of 1 bits has no value but its sign", "give at least 2 bits"),
        ((9, 1, 3), "a number of 1 bits has no value but its sign", "give at least 2 bits"),
        ((9, 3, 3), "4 integer bits do not fit into 3 bits", "give at most 3 integer bits"),
    ],
)
def test_refuses_bits_that_are_no_format(bits, what, fix):
    with pytest.raises(PlanError) as refused:
        Bits(*bits)
    assert str(refused.value) == (
        f"PlanError: {what}\n  where  SkyNet, fixed point\n  fix    {fix}"
    )


def test_refuses_no_combination():
    with pytest.raises(PlanError, match="there is no combination of bits"):
        all_bits((9,), (), (3,))
