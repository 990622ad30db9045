from __future__ import annotations

import dataclasses

from dlscope.core.manifest import StepSpec
from dlscope.core.trace import Trace
from dlscope.methods.evaluation.analyses.stages import Stages
from dlscope.testing.analyses import example_run


def test_tells_the_start_then_the_item_part_by_part(text) -> None:
    table = Stages().table([example_run("r-1", answers=(0, 1))])
    assert (
        text(table, "part", "stage", "count", "mean_ns", "cpu_ns", "share")
        == """
part   stage             count  mean_ns   cpu_ns    share
start  load              1      30000000  20000000  0.75
start  first prediction  1      10000000  9         0.25
item   preprocess        2      2000000   1000000   0.5714
item   predict           2      1000000   500000    0.2857
item   postprocess       2      500000    250000    0.1429
"""
    )


def test_warns_where_preparing_takes_much_of_an_item() -> None:
    runs = [example_run("r-1")]
    (finding,) = Stages().findings(Stages().table(runs))
    assert finding.claim == "Preparing an item takes 57 % of its time"
    assert finding.rows == (2,)


def test_says_nothing_of_items_that_were_only_prepared() -> None:
    run = example_run("r-1")
    prepared = Trace(tuple(run.trace.named("preprocess")))
    table = Stages().table([dataclasses.replace(run, trace=prepared)])
    assert Stages().findings(table) == ()


def test_numbers_that_are_drawn_are_no_preparation() -> None:
    run = example_run("r-1")
    (image,) = run.plan.model.inputs
    drawn = image.model_copy(update={"preprocess": (StepSpec(name="random"),)})
    model = run.plan.model.model_copy(update={"inputs": (drawn,)})
    table = Stages().table(
        [dataclasses.replace(run, plan=run.plan.model_copy(update={"model": model}))]
    )
    assert [row["stage"] for row in table if row["part"] == "item"] == [
        "draw",
        "predict",
        "postprocess",
    ]
    assert Stages().findings(table) == ()
