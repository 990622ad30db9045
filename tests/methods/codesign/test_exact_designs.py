from __future__ import annotations

from dlscope.devices.pipeline_stage import PipelineStage
from dlscope.methods.codesign.exact_designs import exact_records, pipelined_stages
from dlscope.methods.codesign.published_designs import published_designs


def test_every_expected_figure_is_met_to_the_digit() -> None:
    checks = [each for each in exact_records() if each["figure"] != "published fps"]
    assert len(checks) == 2 * 6 + 3 * 2
    assert [each for each in checks if each["holds"] is not True] == []


def test_a_published_rate_is_shown_but_never_a_check() -> None:
    shown = {
        str(each["case"]): each["error"]
        for each in exact_records()
        if each["figure"] == "published fps"
    }
    assert {case: round(float(error or 0), 3) for case, error in shown.items()} == {
        "DNNBuilder VGG-16, plan A": -0.001,
        "FINN CNV W1A1": 0.017,
        "FINN CNV W2A2": 0.009,
        "FINN VGG10 RadioML": 0.061,
    }
    published = [each for each in exact_records() if each["figure"] == "published fps"]
    assert all(each.get("holds") is None for each in published)


def test_a_plan_with_a_wrong_split_is_no_longer_what_was_published() -> None:
    row = published_designs()["pipelined"][0]
    wrong = {**row, "lanes": [[4, 8], *row["lanes"][1:]]}
    right, other = (pipelined_stages(each)[0] for each in (row, wrong))
    assert isinstance(right, PipelineStage)
    assert right.cycles == 2 * other.cycles == 7_225_344
