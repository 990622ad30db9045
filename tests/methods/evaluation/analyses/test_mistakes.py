from __future__ import annotations

import dataclasses

from dlscope.methods.evaluation.analyses.mistakes import Mistakes
from dlscope.testing.analyses import example_run


def test_lists_wrong_answers_the_surest_first(text) -> None:
    run = example_run("r-1", answers=(1, 1, 0, None))
    surer = dict(run.items[2].prediction, classes=[[0, "class 0", 0.9]])
    items = (*run.items[:2], dataclasses.replace(run.items[2], prediction=surer), run.items[3])
    table = Mistakes().table([dataclasses.replace(run, items=items)])
    assert (
        text(table, "item", "label", "predicted", "predicted_name", "p_predicted", "p_label")
        == """
item    label  predicted  predicted_name  p_predicted  p_label
item-2  2      0          class 0         0.9          0.25
item-0  0      1          class 1         0.75         0.25
"""
    )


def test_classes_are_told_by_name_and_by_number_where_they_have_none(text) -> None:
    run = example_run("r-1", answers=(1, 2))
    told = [
        {"classes": [[1, None, 0.75], [0, None, 0.25]]},
        {"classes": [[2, "tank", 0.75]], "label_name": "jeep"},
    ]
    items = [
        dataclasses.replace(item, prediction=prediction)
        for item, prediction in zip(run.items, told, strict=True)
    ]
    table = Mistakes().table([dataclasses.replace(run, items=tuple(items))])
    assert (
        text(table, "label", "label_name", "predicted", "predicted_name")
        == """
label  label_name  predicted  predicted_name
0      0           1          1
1      jeep        2          tank
"""
    )


def test_only_classifications_have_wrong_classes() -> None:
    run = example_run("r-1", answers=(1,))
    model = run.plan.model.model_copy(update={"task": "raw"})
    plan = run.plan.model_copy(update={"model": model})
    assert len(Mistakes().table([dataclasses.replace(run, plan=plan)])) == 0


def test_runs_that_are_wrong_in_the_same_way_share_their_rows(text) -> None:
    runs = [
        example_run("r-1", answers=(1, 1)),
        example_run("r-2", answers=(1, 1), batch_size=2),
        example_run("r-4", answers=(2, 1), batch_size=4),
    ]
    assert (
        text(Mistakes().table(runs), "run", "runs", "item", "predicted")
        == """
run  runs  item    predicted
r-1  2     item-0  1
r-4  1     item-0  2
"""
    )


def test_what_has_no_label_cannot_be_wrong() -> None:
    run = example_run("r-1", answers=(1,))
    items = (dataclasses.replace(run.items[0], target=None),)
    assert len(Mistakes().table([dataclasses.replace(run, items=items)])) == 0
