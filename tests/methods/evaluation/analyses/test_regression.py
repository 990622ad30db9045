from __future__ import annotations

import dataclasses

from dlscope.core.trace import Level
from dlscope.methods.evaluation.analyses.regression import Regression, changed
from dlscope.testing.analyses import example_run, on_machine

TEN = tuple(range(10))


def ms(*latencies: float) -> tuple[int, ...]:
    return tuple(round(each * 1e6) for each in latencies) * 10


def later(run, version: str = "0.4.0", when: str = "2026-04-01T00:00:00Z"):
    """`run` on a later version of its framework."""
    framework = run.plan.framework.model_copy(update={"version": version})
    plan = run.plan.model_copy(update={"framework": framework})
    return dataclasses.replace(run, plan=plan, started_utc=when)


def told(table, analysis=None):
    found = (analysis or Regression()).findings(table)
    return [(each.sign, each.claim, each.detail, each.rows, each.gain) for each in found]


def test_tells_how_much_slower_a_later_version_is(text) -> None:
    table = Regression().table(
        [
            later(example_run("r-2", latencies_ns=ms(1.5), answers=())),
            example_run("r-1", latencies_ns=ms(1.0), answers=()),
            example_run("r-3", model="alone"),
        ]
    )
    assert (
        text(table, "model", "baseline", "runs", "changed", "verdict", "reason")
        == """
model  baseline  runs  changed                    verdict  reason
alone  –         r-3   –                          –        there is no other version to compare with
tiny   r-1       r-2   onnxruntime 0.3.1 → 0.4.0  slower   –
"""
    )
    assert (
        text(table, "baseline_ns", "mean_ns", "change_ns", "lo_ns", "hi_ns")
        == """
baseline_ns  mean_ns  change_ns  lo_ns   hi_ns
–            –        –          –       –
1000000      1500000  500000     500000  500000
"""
    )
    assert told(table) == [
        (
            "warn",
            "tiny on onnxruntime, batch 1 is 50.0 % slower",
            "95 % interval [500, 500] µs; changed: onnxruntime 0.3.1 → 0.4.0",
            (1,),
            500_000.0,
        )
    ]


def test_an_interval_that_holds_zero_decides_nothing() -> None:
    table = Regression().table([example_run("r-1"), later(example_run("r-2"))])
    (row,) = table
    assert row["lo_ns"] < row["change_ns"] == 0 < row["hi_ns"]
    assert row["verdict"] == "undecided"
    assert told(table) == []


def test_tells_answers_lost_and_won_by_a_sign_test(text) -> None:
    table = Regression().table(
        [
            example_run("r-1", answers=TEN, latencies_ns=()),
            later(example_run("r-2", answers=(0,) * 10, latencies_ns=())),
        ]
    )
    assert (
        text(table, "items", "lost", "won", "p_value", "verdict")
        == """
items  lost  won  p_value   verdict
10     9     0    0.003906  different accuracy
"""
    )
    assert told(table) == [
        (
            "bad",
            "tiny on onnxruntime, batch 1 answers differently: 9 right answers lost, 0 won",
            "of 10 items, sign test p = 0.0039; changed: onnxruntime 0.3.1 → 0.4.0",
            (0,),
            None,
        )
    ]


def test_the_baseline_is_the_earliest_version_unless_one_is_named() -> None:
    runs = [
        example_run("r-1", latencies_ns=ms(1.0)),
        later(example_run("r-2", latencies_ns=ms(2.0))),
    ]
    assert Regression().table(runs).column("verdict") == ("slower",)
    named = Regression(["r-2"])
    (row,) = named.table(runs)
    assert (row["baseline"], row["runs"], row["verdict"]) == ("r-2", "r-1", "faster")
    assert told(named.table(runs), named)[0][:2] == (
        "good",
        "tiny on onnxruntime, batch 1 is 50.0 % faster",
    )


def test_a_named_baseline_of_another_kind_is_told() -> None:
    (row,) = Regression(["r-9"]).table([example_run("r-1")])
    assert row["reason"] == "none of the runs named as baseline is of this kind"


def test_repeats_of_one_version_are_taken_together() -> None:
    runs = [
        *(example_run(f"r-{n}", repeat=n, latencies_ns=ms(1.0)) for n in (0, 1)),
        *(later(example_run(f"s-{n}", repeat=n, latencies_ns=ms(1.0))) for n in (0, 1)),
    ]
    (row,) = Regression().table(runs)
    assert (row["baseline"], row["runs"]) == ("r-0, r-1", "s-0, s-1")


def test_other_batches_scenarios_and_machines_are_not_compared() -> None:
    runs = [
        example_run("r-1"),
        example_run("r-2", batch_size=2),
        example_run("r-3", pipeline="stream"),
        on_machine(example_run("r-4"), "rack"),
    ]
    assert set(Regression().table(runs).column("verdict")) == {None}


def test_a_run_that_recorded_its_predictions_is_no_slower_version() -> None:
    plain, traced = example_run("r-1"), later(example_run("r-2"))
    deeper = traced.plan.model_copy(update={"trace_level": int(Level.LAYER)})
    table = Regression().table([plain, dataclasses.replace(traced, plan=deeper)])
    assert table.column("baseline") == (None, None)


def test_runs_with_nothing_in_common_say_so() -> None:
    failed = later(example_run("r-2", status="failed", answers=(), latencies_ns=()))
    (row,) = Regression().table([example_run("r-1"), failed])
    assert row["reason"] == "neither queries nor items in common"


def test_names_what_changed_as_far_as_it_is_recorded() -> None:
    run = example_run("r-1")
    packages = dataclasses.replace(
        run.environment, packages={"numpy": "2.1.0", "onnx": "1.20"}, python="CPython 3.12.1"
    )
    assert changed(run, dataclasses.replace(run, environment=packages)) == (
        "Python CPython 3.11.7 → CPython 3.12.1, numpy 2.0.0 → 2.1.0, onnx absent → 1.20"
    )
    options = run.plan.model_copy(update={"options": {"threads": 2}})
    assert changed(run, dataclasses.replace(run, plan=options)) == "options"
    assert changed(run, run) == ""
