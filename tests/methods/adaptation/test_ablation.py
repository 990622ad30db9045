from __future__ import annotations

from dataclasses import replace

import pytest
import small_domains

pytest.importorskip("torch")

from dlscope.core.errors import TrainingError
from dlscope.methods.adaptation.ablation import Ablation, ablation_table, paired_table
from dlscope.methods.adaptation.domains import Domains

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


@pytest.mark.slow
def test_goes_on_where_it_was_and_reads_no_held_out_label(tmp_path):
    domains = small_domains.written(tmp_path / "scenes")
    first = Ablation(tmp_path / "out", domains).run(["source", "sim_st"], [0])
    assert [each["row"] for each in first] == ["warm_start", "source", "adv_stuff_inst", "sim_st"]
    for path in (tmp_path / "scenes/target/gtFine_heldout").rglob("*.png"):
        path.write_bytes(b"corrupt")
    again = Ablation(tmp_path / "out", domains).run(["source", "sim_st"], [0])
    assert again == first
    fresh = Ablation(tmp_path / "fresh", domains).run(["source", "sim_st"], [0])
    measured = ("miou_target", "miou_source", "iou", "kept")
    assert [[each[m] for m in measured] for each in fresh] == [
        [each[m] for m in measured] for each in first
    ]
    assert len(ablation_table(first).rows) == 4


@pytest.mark.slow
def test_other_options_need_a_folder_of_their_own(tmp_path):
    domains = small_domains.written(tmp_path / "scenes")
    Ablation(tmp_path / "out", domains)
    other = Domains.of_scenes(tmp_path / "scenes", replace(small_domains.OPTIONS, rate=5e-4))
    with pytest.raises(TrainingError, match="other options or other images"):
        Ablation(tmp_path / "out", other)
