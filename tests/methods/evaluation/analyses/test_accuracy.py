from __future__ import annotations

import dataclasses

from dlscope.methods.evaluation.analyses.accuracy import Accuracy
from dlscope.testing.analyses import example_run


def test_counts_right_answers_with_their_wilson_intervals(text) -> None:
    runs = [
        example_run("r-1"),
        example_run("r-2", framework="torch", answers=(0, 2, None)),
    ]
    table = Accuracy().table(runs)
    assert (
        text(table, "run", "n", "failed", "metric", "value", "lo", "hi", "top_1_count")
        == """
run  n  failed  metric  value   lo       hi      top_1_count
r-1  3  0       top_1   1       0.4385   1       3
r-2  3  1       top_1   0.3333  0.06149  0.7923  1
"""
    )
    assert (
        text(table, "backend", "top_1", "top_5", "top_5_count", "mean_p_label")
        == """
backend      top_1   top_5   top_5_count  mean_p_label
onnxruntime  1       1       3            0.75
torch        0.3333  0.3333  1            0.3333
"""
    )


def test_says_how_many_items_gave_no_prediction() -> None:
    table = Accuracy().table([example_run("r-1", answers=(0, None, None))])
    (finding,) = Accuracy().findings(table)
    assert finding.claim == "2 of 3 items gave no prediction on onnxruntime"
    assert finding.detail == "they count as wrong; the table failures names each with its reason"
    assert (finding.sign, finding.evidence, finding.rows) == ("warn", "accuracy", (0,))


def test_makes_no_claim_where_intervals_overlap() -> None:
    runs = [example_run("r-1"), example_run("r-2", framework="torch", answers=(0, 2, 2))]
    (finding,) = Accuracy().findings(Accuracy().table(runs))
    assert finding.claim == "Accuracy does not separate them: n = 3"
    assert (finding.sign, finding.rows) == ("note", (0, 1))


def test_is_silent_where_intervals_are_apart() -> None:
    right, wrong = tuple(range(10)), (9, *range(9))
    runs = [example_run("r-1", answers=right), example_run("r-2", model="b", answers=wrong)]
    assert Accuracy().findings(Accuracy().table(runs)) == ()


def test_compares_neither_repeats_nor_data_sets_of_other_sizes() -> None:
    repeats = [example_run("r-1"), example_run("r-2", repeat=1)]
    sizes = [example_run("r-1"), example_run("r-2", framework="torch", answers=(0, 1))]
    assert Accuracy().findings(Accuracy().table(repeats)) == ()
    assert Accuracy().findings(Accuracy().table(sizes)) == ()


def test_leaves_out_runs_that_answered_no_item() -> None:
    assert len(Accuracy().table([example_run("r-1", answers=(), mode="performance")])) == 0


def test_runs_with_the_same_result_share_a_row(text) -> None:
    runs = [
        example_run("r-1"),
        example_run("r-2", batch_size=2),
        example_run("r-4", batch_size=4, answers=(0, 1, 0)),
    ]
    assert (
        text(Accuracy().table(runs), "run", "runs", "top_1_count")
        == """
run  runs  top_1_count
r-1  2     3
r-4  1     2
"""
    )


def test_a_run_that_failed_before_it_answered_says_why(text) -> None:
    failed = {"status": "failed", "answers": (), "latencies_ns": ()}
    runs = [example_run("r-1", **failed), example_run("r-2", **failed, mode="performance")]
    assert (
        text(Accuracy().table(runs), "run", "n", "metric", "reason")
        == """
run  n  metric  reason
r-1  0  –       the graph is cut off
"""
    )


def test_says_where_there_is_nothing_to_be_right_about() -> None:
    run = example_run("r-1")
    items = tuple(dataclasses.replace(item, target=None) for item in run.items)
    (row,) = Accuracy().table([dataclasses.replace(run, items=items, metrics=())])
    assert (row["n"], row["metric"]) == (3, None)
    assert row["reason"] == f"data set {run.plan.dataset.name} has no right answers"
