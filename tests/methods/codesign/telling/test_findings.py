from __future__ import annotations

from dataclasses import replace

from search_sample import TRAJECTORY, sample

from dlscope.methods.codesign.tables import search_table
from dlscope.methods.codesign.telling.findings import search_findings, undecided_blocks

NOTHING = search_table("requirements")


def claims(record, requirements=NOTHING) -> list[tuple[str, str]]:
    return [(each.sign, each.claim) for each in search_findings(record, requirements)]


def test_a_search_is_told_claim_by_claim() -> None:
    assert claims(sample()) == [
        ("good", "expectation and discretised design are 1.3 % apart at the end"),
        ("note", "1 block undecided at the last epoch: 2"),
        ("note", "stage 2 is the slowest: one, conv_k3"),
        ("good", "predictions are 3.2 % off on average"),
        ("note", "search against evolution: not decided"),
        ("good", "search against random: better"),
    ]


def test_a_wide_gap_at_the_end_is_a_warning() -> None:
    table = search_table("trajectory", TRAJECTORY[:1])
    record = replace(sample(), tables={"trajectory": table})
    assert claims(record) == [
        ("warn", "expectation and discretised design are 40.0 % apart at the end")
    ]


def test_what_training_left_open_comes_with_what_to_do() -> None:
    undecided = next(
        each for each in search_findings(sample(), NOTHING) if "undecided" in each.claim
    )
    table = search_table("trajectory", TRAJECTORY[:1])
    (wide,) = search_findings(replace(sample(), tables={"trajectory": table}), NOTHING)
    assert wide.detail == "relaxation gap: the last epochs steered by times that no design has"
    assert undecided.detail == (
        "no operation of theirs stood out (entropy above half of ln M), so theirs is the best that "
        "was found by estimated loss and exact time afterwards"
    )
    assert {wide.advice, undecided.advice} == {
        "a longer search (--budget or --epochs) decides more by training"
    }


def test_poor_predictions_are_a_warning() -> None:
    rows = [{"design": "d", "predicted_ns": 5.0, "measured_ns": 10.0}]
    record = replace(sample(), tables={"predicted": search_table("predicted", rows)})
    assert claims(record) == [("warn", "predictions are 50.0 % off on average")]


def test_a_missed_requirement_comes_first_with_its_remedy() -> None:
    rows = [
        {"requirement": "latency, ms", "kind": "hard", "limit": "≤ 5.00", "verdict": "met"},
        {
            "requirement": "accuracy, %",
            "kind": "soft",
            "limit": "≥ 90.0",
            "verdict": "missed by 2.0 %",
            "change": "take design d3",
        },
    ]
    table = search_table("requirements", rows)
    first = next(iter(search_findings(sample(), table)))
    assert (first.sign, first.claim) == ("warn", "accuracy, % ≥ 90.0: missed by 2.0 %")
    assert (first.rows, first.advice) == ((1,), "take design d3")


def test_every_claim_has_rows_that_exist() -> None:
    record = sample()
    for each in search_findings(record, NOTHING):
        assert all(row < len(record.table(each.evidence)) for row in each.rows)


def test_blocks_are_undecided_above_half_the_entropy() -> None:
    assert undecided_blocks(sample().table("choices")) == [2]
