from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("cv2")

from dlscope.data.procedural.uav.classes import BY_NAME, CLASSES, SPLITS, classes_of
from dlscope.data.procedural.uav.draws import generator
from dlscope.data.procedural.uav.looks import look
from dlscope.data.procedural.uav.placing import drawn_kind, drawn_middle, drawn_sides

SIZE = (360, 640)


def test_holds_the_published_figures():
    assert sum(each.objects for each in CLASSES) == 93_520
    assert sum(each.sub_categories for each in CLASSES) == 95
    mean = sum(each.objects * each.mean_area for each in CLASSES) / 93_520
    assert mean == pytest.approx(1.185, abs=0.001)


def test_keeps_one_sub_category_in_four_for_the_unseen():
    for split in ("train", "val", "test"):
        assert classes_of(split) == CLASSES
    kept = {each.name: set(each.numbers("unseen")) for each in CLASSES}
    for each in CLASSES:
        assert not kept[each.name] & set(each.numbers("train"))
        assert len(kept[each.name]) == each.sub_categories // 4
    assert sum(map(len, kept.values())) == 21
    assert "whale" not in {each.name for each in classes_of("unseen")}


def test_every_sub_category_looks_different():
    looks = {
        (each.name, look(each.name, number).colors, look(each.name, number).points_n2.tobytes())
        for each in CLASSES
        for number in range(1, each.sub_categories + 1)
    }
    assert len(looks) == 95


def test_sizes_and_shares_are_those_of_the_contest():
    draw = generator(0, "image", "train", 0)
    kinds = [drawn_kind(draw, "train") for _ in range(10_000)]
    sides = [drawn_sides(draw, kind.object_class, SIZE) for kind in kinds]
    areas = np.array([width * height for width, height in sides]) / (360 * 640) * 100
    assert 1.15 < areas.mean() < 1.35
    assert 0.50 < (areas < 1).mean() < 0.60
    people = np.array([kind.object_class.name == "person" for kind in kinds])
    assert people.mean() == pytest.approx(27_965 / 93_520, abs=0.01)
    assert areas[people].mean() == pytest.approx(1.09, rel=0.08)
    aspects = np.array([width / height for width, height in sides])
    assert np.median(aspects[people]) == pytest.approx(29 / 73, rel=0.03)


def test_areas_stay_within_those_of_the_class():
    draw = generator(1, "image", "train", 0)
    for name in ("wakeboard", "building", "boat"):
        known = BY_NAME[name]
        low, high = known.areas
        for _ in range(300):
            width, height = drawn_sides(draw, known, SIZE)
            # A side is at least 5 px and at most 95 % of the image.
            assert 25 / 2304 <= width * height / 2304 <= high * 1.001
            assert width * height / 2304 >= low * 0.999 or min(width, height) == 5


def test_objects_are_near_the_middle_and_inside():
    draw = generator(2, "image", "train", 0)
    middles = np.array([drawn_middle(draw, (60, 300), SIZE) for _ in range(2000)])
    assert middles[:, 0].mean() == pytest.approx(320, abs=8)
    assert middles[:, 0].std() == pytest.approx(0.16 * 640, rel=0.08)
    assert middles[:, 1].min() >= 151
    assert middles[:, 1].max() <= 209


def test_splits_have_names():
    assert SPLITS == ("train", "val", "test", "unseen")
