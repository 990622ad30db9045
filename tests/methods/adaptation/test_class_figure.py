from __future__ import annotations

import pytest

from dlscope.core.table import Table
from dlscope.methods.adaptation.class_figure import gain_figure
from dlscope.methods.adaptation.class_gains import GAINS

ROW = {
    "kind": "stuff",
    "class": "wall",
    "source": 20.0,
    "adapted": 50.0,
    "gain": 30.0,
    "lo": 10.0,
    "hi": 90.0,
    "seeds": 3,
    "verdict": "shown",
}


def gains(**change):
    return Table.of("gain_by_class", GAINS, [ROW | change])


@pytest.mark.parametrize(
    ("change", "ends"),
    [({}, (30.0, 100.0)), ({"lo": -40.0}, (0.0, 100.0)), ({"lo": None, "hi": None}, (50.0, 50.0))],
    ids=["within 100 %", "within 0 %", "one seed"],
)
def test_the_interval_lies_on_the_axis_of_iou(change, ends):
    (record,) = gain_figure(gains(**change), "SIM").spec["data"]["values"]
    assert (record["lo"], record["hi"]) == ends
    assert (record["name"], record["source"], record["adapted"]) == ("stuff · wall", 20.0, 50.0)


def test_says_what_ring_line_and_bar_are():
    figure = gain_figure(gains(), "SIM")
    assert figure.title == "IoU by class: the source alone, and SIM"
    assert figure.caption.startswith("Ring: the source alone; line: SIM; bar: 95 % interval")


def test_what_is_undecided_is_told_apart_by_color_and_in_words():
    table = Table.of("gain_by_class", GAINS, [ROW, ROW | {"class": "car", "verdict": "not shown"}])
    spec = gain_figure(table, "SIM").spec
    legend = spec["usermeta"]["dlscope"]["legend"]
    assert [each["label"] for each in legend] == ["a gain is shown", "undecided"]
    assert spec["layer"][0]["encoding"]["color"]["scale"]["domain"] == ["shown", "not shown"]


def test_one_seed_claims_no_interval():
    figure = gain_figure(gains(lo=None, hi=None, verdict="one seed"), "SIM")
    assert "interval" not in figure.caption
    assert figure.caption.endswith("One seed says nothing about how sure a difference is.")
