from __future__ import annotations

import pytest

pytest.importorskip("torch")

from dlscope.methods.adaptation.ablation_tables import (
    ablation_table,
    last_weights,
    paired_table,
    selection_table,
)

ROWS = {
    "source": (30.0, 31.0, 29.0),
    "adv": (33.0, 34.5, 32.2),
    "adv_stuff_inst": (34.0, 36.5, 31.2),
    "oracle": (50.0, 51.0, 49.0),
}


def results():
    """Three seeds of four rows, made up."""
    return [
        {
            **dict.fromkeys(("miou_stuff", "miou_things", "miou_source", "kept")),
            **dict.fromkeys(("cpu_s", "wall_s", "miou_16", "miou_13"), 1.0),
            "row": row,
            "seed": seed,
            "miou_target": value,
            "iou": [0.5, None] + [seed / 10] * 17,
        }
        for row, values in ROWS.items()
        for seed, value in enumerate(values)
    ]


def test_rows_are_compared_with_the_source_and_with_what_they_add_to(text):
    columns = ("row", "against", "difference", "seeds", "verdict")
    assert (
        text(paired_table(results()), *columns)
        == """
row             against  difference  seeds  verdict
adv             source   3.233       3      shown
adv_stuff_inst  source   3.9         3      not shown
adv_stuff_inst  adv      0.6667      3      not shown
oracle          source   20          3      shown
"""
    )


def test_online_rows_are_held_against_the_source_trained_as_long_and_against_sim():
    changed = {"adv": "source_long", "oracle": "online"}
    renamed = [each | {"row": changed.get(each["row"], each["row"])} for each in results()]
    against = {
        row["against"]: row["difference"] for row in paired_table(renamed) if row["row"] == "online"
    }
    assert set(against) == {"source", "source_long", "adv_stuff_inst"}
    assert against["source_long"] == pytest.approx(50 - 33.2333, abs=1e-4)


def test_the_gap_that_is_closed_is_a_share_of_the_way_to_the_oracle():
    table = paired_table(results())
    closed = dict(
        zip(
            zip(table.column("row"), table.column("against"), strict=True),
            table.column("gap_closed"),
            strict=True,
        )
    )
    assert closed["adv", "source"] == pytest.approx(3.2333 / 20, abs=1e-4)
    assert closed["oracle", "source"] == 1.0
    assert closed["adv_stuff_inst", "adv"] is None


def selected(by="oracle", gain=1.0):
    """Results of `adv` with weights that are better by so much."""
    return [
        {**each, "weights": by, "miou_target": each["miou_target"] + gain}
        for each in results()
        if each["row"] == "adv"
    ]


def test_selected_weights_are_no_part_of_the_headline():
    every = [*results(), *selected()]
    assert last_weights(every) == results()
    assert paired_table(every) == paired_table(results())


def test_weights_say_what_selected_them_and_an_oracle_that_it_is_one(text):
    every = [*results()[:1], *selected()[:1], *selected("source_val")[:1]]
    assert (
        text(ablation_table(every), "row", "seed", "weights", "miou_target")
        == """
row     seed  weights                          miou_target
source  0     last                             30
adv     0     oracle: by labels of the target  34
adv     0     source_val                       34
"""
    )


def test_selection_is_compared_with_the_last_weights_of_the_same_seeds(text):
    columns = ("row", "weights", "selected", "last", "difference", "seeds", "verdict")
    table = selection_table([*results(), *selected("target_entropy", 0.5)])
    assert (
        text(table, *columns)
        == """
row  weights         selected  last   difference  seeds  verdict
adv  target_entropy  33.73     33.23  0.5         3      shown
"""
    )
    assert selection_table(results()).rows == ()
