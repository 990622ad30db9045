from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from dlscope.core.run import Metric, Run
from dlscope.methods.evaluation.analyses.claims import Claims
from dlscope.testing.analyses import example_run

ACCURACY = {"dataset": "squares", "top_1": 0.9, "top_5": 0.99, "tolerance": 0.01}
LATENCY = {"mean_ms": 1.0, "tolerance": 0.1, "system": "lab"}
RIGHT_BUT_ONE = (*range(9), 0)


def claiming(run: Run, **reference: Any) -> Run:
    model = run.plan.model.model_copy(update={"reference": reference})
    return dataclasses.replace(run, plan=run.plan.model_copy(update={"model": model}))


@pytest.fixture
def runs() -> list[Run]:
    met = example_run("r-1", latencies_ns=(1_050_000,) * 5, answers=RIGHT_BUT_ONE)
    missed = example_run("r-2", framework="torch", latencies_ns=(2_000_000,) * 5, answers=(1,) * 10)
    elsewhere = example_run("r-3", model="elsewhere", latencies_ns=(), mode="accuracy")
    return [
        claiming(met, accuracy=ACCURACY, latency=LATENCY),
        claiming(missed, accuracy=ACCURACY, latency={**LATENCY, "backend": "onnxruntime"}),
        claiming(elsewhere, accuracy={"dataset": "imagenet", "top_1": 0.7}, latency={"mean_ms": 3}),
        example_run("r-4", model="silent"),
    ]


def test_holds_every_published_number_against_what_was_measured(text, runs) -> None:
    table = Claims().table(runs)
    assert (
        text(table, "model", "backend", "claim", "claimed", "tolerance", "measured", "lo", "hi")
        == """
model      backend      claim            claimed  tolerance  measured  lo       hi
elsewhere  onnxruntime  accuracy.top_1   0.7      0          1         0.4385   1
elsewhere  onnxruntime  latency.mean_ms  3        0          –         –        –
silent     onnxruntime  –                –        –          –         –        –
tiny       onnxruntime  accuracy.top_1   0.9      0.01       0.9       0.5958   0.9821
tiny       onnxruntime  accuracy.top_5   0.99     0.01       0.9       0.5958   0.9821
tiny       onnxruntime  latency.mean_ms  1        0.1        1.05      1.05     1.05
tiny       torch        accuracy.top_1   0.9      0.01       0.1       0.01788  0.4042
tiny       torch        accuracy.top_5   0.99     0.01       0.1       0.01788  0.4042
tiny       torch        latency.mean_ms  1        0.1        2         2        2
"""
    )
    assert (
        text(table, "claimed_on", "measured_on", "n", "verdict", "reason")
        == """
claimed_on  measured_on  n   verdict         reason
imagenet    squares      3   not comparable  claimed on imagenet, measured on squares
–           lab          –   not comparable  mean_ms was not measured
–           –            –   –               the manifest names no published claim
squares     squares      10  undecided       [0.60, 0.98], at least 0.890 is claimed
squares     squares      10  undecided       [0.60, 0.98], at least 0.980 is claimed
lab         lab          –   met             [1.05, 1.05], at most 1.10 is claimed
squares     squares      10  missed          [0.02, 0.40], at least 0.890 is claimed
squares     squares      10  missed          [0.02, 0.40], at least 0.980 is claimed
lab         lab          –   not comparable  claimed for onnxruntime
"""
    )


def test_tells_what_was_met_and_what_was_missed_and_nothing_of_the_rest(runs) -> None:
    found = Claims().findings(Claims().table(runs))
    assert [(each.sign, each.claim, each.rows, each.detail) for each in found] == [
        (
            "good",
            "tiny on onnxruntime: latency.mean_ms as published was met",
            (5,),
            "measured 1.05 [1.05, 1.05], at most 1.10 is claimed",
        ),
        (
            "bad",
            "tiny on torch: accuracy.top_1 as published was missed",
            (6,),
            "measured 0.100 [0.02, 0.40], at least 0.890 is claimed",
        ),
        (
            "bad",
            "tiny on torch: accuracy.top_5 as published was missed",
            (7,),
            "measured 0.100 [0.02, 0.40], at least 0.980 is claimed",
        ),
    ]
    assert found[1].advice == "compare the steps and the weights with those of the publication"
    assert found[0].advice == ""


def test_of_an_error_less_is_better() -> None:
    run = claiming(example_run("r-1"), accuracy={"wer": 0.1})
    run = dataclasses.replace(run, metrics=(Metric("wer", 0.05, 0.04, 0.06, 9),))
    (row,) = Claims().table([run])
    assert (row["verdict"], row["reason"]) == ("met", "[0.040, 0.060], at most 0.100 is claimed")


def test_a_failed_run_says_why_nothing_was_measured() -> None:
    failed = example_run("r-1", status="failed", latencies_ns=(), answers=())
    (row,) = Claims().table([claiming(failed, latency={"mean_ms": 1.0})])
    assert (row["verdict"], row["reason"]) == ("not comparable", "the graph is cut off")
