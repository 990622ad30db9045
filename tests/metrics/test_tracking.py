from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import DataError
from dlscope.core.run import ItemResult
from dlscope.metrics.tracking import object_tracking

BOX = [0, 0, 100, 100]
FAR = [500, 500, 600, 600]


def item(got, truth, name: str = "a") -> ItemResult:
    return ItemResult(name, None if got is None else {"boxes": got}, {"boxes": truth})


def values(*items: ItemResult):
    return {metric.name: metric.value for metric in object_tracking(items)}


def test_perfect_boxes_reach_all_thresholds_but_the_last() -> None:
    assert values(item([BOX, FAR], [BOX, FAR])) == {
        "success_auc": pytest.approx(20 / 21),
        "precision_20px": 1.0,
        "average_overlap": 1.0,
        "success_rate_50": 1.0,
        "success_rate_75": 1.0,
    }


def test_thresholds_must_be_passed_not_met() -> None:
    # Half the box: overlap 0.5 exactly, centre 25 pixels away.
    got = values(item([[0, 0, 50, 100]], [BOX]))
    assert got == {
        "success_auc": pytest.approx(10 / 21),  # 0, 0.05 … 0.45
        "precision_20px": 0.0,
        "average_overlap": 0.5,
        "success_rate_50": 0.0,
        "success_rate_75": 0.0,
    }


def test_twenty_pixels_are_near() -> None:
    assert values(item([[20, 0, 120, 100]], [BOX]))["precision_20px"] == 1.0
    assert values(item([[12, 16, 112, 116]], [BOX]))["precision_20px"] == 1.0  # 12-16-20
    assert values(item([[13, 16, 113, 116]], [BOX]))["precision_20px"] == 0.0


def test_a_lost_object_has_no_overlap_with_any_threshold() -> None:
    got = values(item([FAR], [BOX]))
    assert set(got.values()) == {0.0}


def test_otb_averages_sequences_and_got10k_frames() -> None:
    got = values(item([BOX], [BOX]), item([FAR] * 3, [BOX] * 3))
    assert got["precision_20px"] == 0.5
    assert got["success_auc"] == pytest.approx(10 / 21)
    assert got["average_overlap"] == 0.25
    assert got["success_rate_50"] == 0.25


def test_frames_without_the_object_do_not_count() -> None:
    metrics = object_tracking([item([BOX, FAR, BOX], [None, None, BOX])])
    assert {metric.name: metric.n for metric in metrics} == {
        "success_auc": 1,
        "precision_20px": 1,
        "average_overlap": 1,
        "success_rate_50": 1,
        "success_rate_75": 1,
    }
    assert metrics[2].value == 1.0
    assert values(item([BOX], [None])) == {}


def test_a_failed_sequence_is_lost_in_every_frame() -> None:
    got = values(item([BOX, BOX], [BOX, BOX]), item(None, [BOX, BOX], "b"))
    assert got["precision_20px"] == 0.5
    assert got["average_overlap"] == 0.5


def test_the_intervals_resample_sequences() -> None:
    metric = object_tracking([item([BOX] * 50, [BOX] * 50), item([FAR] * 50, [BOX] * 50)])[2]
    assert (metric.lo, metric.value, metric.hi, metric.n) == (0.0, 0.5, 1.0, 100)


side = st.floats(1, 50)
place = st.floats(0, 50)
box = st.builds(lambda x, y, w, h: [x, y, x + w, y + h], place, place, side, side)


@given(st.lists(st.tuples(box, box), min_size=1, max_size=6))
def test_the_area_under_the_plot_is_the_average_overlap_to_a_threshold(pairs) -> None:
    got = values(item([a for a, _ in pairs], [b for _, b in pairs]))
    # 21 strict thresholds 0.05 apart: ⌈20·overlap⌉/21 per frame.
    assert got["success_auc"] == pytest.approx(got["average_overlap"], abs=1 / 20 + 1e-9)
    assert got["success_rate_75"] <= got["success_rate_50"]


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (item([BOX], [BOX, BOX]), "predicted 1 boxes for 2 frames"),
        (item([[0, 0, 1]], [BOX]), "a predicted box is not [x_min, y_min, x_max, y_max]"),
        (item([None], [BOX]), "a predicted box is not [x_min, y_min, x_max, y_max]"),
        (item([BOX], [[0, 0, 1]]), "a true box is not [x_min, y_min, x_max, y_max]"),
        (item([[0, 0, 1, math.nan]], [BOX]), "a predicted box holds NaN or infinity"),
        (item([[0, 0, 1, "x"]], [BOX]), "a predicted box is not an array of numbers"),
        (ItemResult("a", {"text": ""}, {"boxes": [BOX]}), "the prediction has no field 'boxes'"),
    ],
)
def test_refuses_a_malformed_item(bad: ItemResult, what: str) -> None:
    with pytest.raises(DataError) as refusal:
        object_tracking([bad])
    assert (refusal.value.what, refusal.value.where) == (what, "item a")
