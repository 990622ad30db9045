from __future__ import annotations

import pytest

from dlscope.methods.adaptation.class_gains import class_table, gain_table


def result(row: str, seed: int, **iou: float):
    """A result whose classes have an IoU of 0.2, but for those named; wall is never there."""
    known = {"road": 0, "wall": 3, "car": 13}
    values = [0.2] * 19
    for name, value in iou.items():
        values[known[name]] = value
    values[3] = None
    return {"row": row, "seed": seed, "iou": values}


RESULTS = [
    result("source", 0, road=0.5, car=0.3),
    result("source", 1, road=0.6, car=0.3),
    result("source", 2, road=0.4, car=0.3),
    result("sim", 0, road=0.6, car=0.2),
    result("sim", 1, road=0.7, car=0.4),
    result("sim", 2, road=0.5, car=0.6),
]


def test_a_class_that_is_never_there_has_no_score():
    rows = {(each["row"], each["class"]): each["iou"] for each in class_table(RESULTS)}
    assert rows["sim", "road"] == pytest.approx(60.0)
    assert rows["sim", "wall"] is None


def test_gains_have_intervals_over_seeds_and_the_best_come_first(text):
    table = gain_table(RESULTS, "sim")
    assert [each["kind"] for each in table] == ["stuff"] * 7 + ["thing"] * 11
    first = text(table, "class", "source", "adapted", "gain", "verdict").splitlines()
    assert first[2] == "road           50      60       10    shown"
    car = next(each for each in table if each["class"] == "car")
    assert (car["gain"], car["seeds"], car["verdict"]) == (pytest.approx(10.0), 3, "not shown")
    assert car["hi"] - car["gain"] == pytest.approx(4.303 * 20 / 3**0.5, rel=1e-3)
