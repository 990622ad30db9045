from __future__ import annotations

import dataclasses

import pytest

from dlscope.core.manifest import StepSpec
from dlscope.methods.evaluation.analyses.declaration import Declaration
from dlscope.methods.evaluation.variants import Variant
from dlscope.testing.analyses import example_run

TEN = tuple(range(10))
ONE_UP = (*range(1, 10), None)
THREE_RIGHT = (0, 0, 0, 0, 4, 5, 0, 0, 0, 0)


def read_as(run, topic: str, declares: str, tried: str, cure: str = "mend it"):
    """`run` as the measurement of another reading of its model."""
    model = Variant(topic, declares, tried, cure).marked(run.plan.model)
    return dataclasses.replace(run, plan=run.plan.model_copy(update={"model": model}))


def dropping(run, index: int):
    """`run` of a model that drops the class at `index`."""
    (output,) = run.plan.model.outputs
    step = StepSpec(name="drop_class", parameters={"index": index})
    output = output.model_copy(update={"postprocess": (step,)})
    model = run.plan.model.model_copy(update={"outputs": (output,)})
    return dataclasses.replace(run, plan=run.plan.model_copy(update={"model": model}))


def told(*runs):
    found = Declaration().findings(Declaration().table(runs))
    return [(each.sign, each.claim, each.detail, each.advice, each.rows) for each in found]


def test_counts_the_right_answers_under_each_shift_of_the_labels(text) -> None:
    table = Declaration().table([example_run("r-1", answers=ONE_UP)])
    columns = ("reading", "n", "declared_right", "right", "p_label", "p_value", "verdict")
    assert (
        text(table, *columns)
        == """
reading                     n   declared_right  right  p_label  p_value   verdict
as declared                 10  0               0      0.225    –         –
label = class answered − 2  10  0               0      –        1         fits no better
label = class answered − 1  10  0               9      –        0.003906  fits better
label = class answered + 1  10  0               0      –        1         fits no better
label = class answered + 2  10  0               0      –        1         fits no better
"""
    )
    assert table.column("reason") == (
        "top-1 0.0 % is at most thrice that of guessing among 10 classes",
        *(None,) * 4,
    )


def test_names_shifted_labels_and_the_cure() -> None:
    assert told(example_run("r-1", answers=ONE_UP)) == [
        (
            "bad",
            "The labels of squares and tiny are shifted: 0 → 9 of 10 right",
            "they fit with label = class answered − 1, paired over items, p = 0.004",
            "add drop_class: {index: 0} to outputs[0].postprocess, or count the labels from 1",
            (0, 2),
        )
    ]


@pytest.mark.parametrize(
    ("run", "cure"),
    [
        (
            dropping(example_run("r-1", answers=ONE_UP), 9),
            "set drop_class: {index: 0} in outputs[0].postprocess, class 9 is no background",
        ),
        (
            dropping(example_run("r-1", answers=(None, *range(9))), 0),
            "drop drop_class from outputs[0].postprocess",
        ),
        (
            example_run("r-1", answers=(None, None, *range(8))),
            "number the classes of squares as the model does, now + 2",
        ),
    ],
    ids=["another class dropped", "dropped in vain", "two apart"],
)
def test_the_cure_looks_at_what_the_manifest_drops(run, cure: str) -> None:
    ((_, _, _, advice, _),) = told(run)
    assert advice == cure


def test_holds_other_readings_against_the_declaration_item_by_item(text) -> None:
    failed = {"status": "failed", "answers": ()}
    runs = [
        example_run("r-1", answers=THREE_RIGHT),
        read_as(example_run("r-2", answers=TEN), "colour order", "BGR", "RGB", "set it to RGB"),
        read_as(
            example_run("r-3", answers=(0, 1, 2, 3, *(0,) * 6)),
            *("input range", "x/255", "raw 0–255"),
        ),
        read_as(example_run("r-4", **failed), "input range", "x/255", "(x − 127.5)/127.5"),
        read_as(example_run("r-5", answers=(0,) * 10), "input range", "x/255", "ImageNet"),
    ]
    table = Declaration().table(runs)
    assert (
        text(table, "run", "topic", "declares", "reading", "right", "p_label", "p_gain")
        == """
run  topic         declares                reading                     right  p_label  p_gain
r-1  –             –                       as declared                 3      0.4      –
r-1  labels        label = class answered  label = class answered − 2  0      –        –
r-1  labels        label = class answered  label = class answered − 1  0      –        –
r-1  labels        label = class answered  label = class answered + 1  1      –        –
r-1  labels        label = class answered  label = class answered + 2  1      –        –
r-2  colour order  BGR                     RGB                         10     0.75     0.35
r-4  input range   x/255                   (x − 127.5)/127.5           –      –        –
r-5  input range   x/255                   ImageNet                    1      0.3      -0.1
r-3  input range   x/255                   raw 0–255                   4      0.45     0.05
"""
    )
    assert (
        text(table, "run", "n", "declared_right", "p_value", "verdict", "cure", "reason")
        == """
run  n   declared_right  p_value  verdict         cure           reason
r-1  10  3               –        –               –              top-1 30.0 % is at most thrice that of guessing among 10 classes
r-1  10  3               0.25     fits no better  –              –
r-1  10  3               0.25     fits no better  –              –
r-1  10  3               0.625    fits no better  –              –
r-1  10  3               0.625    fits no better  –              –
r-2  10  3               0.01562  fits better     set it to RGB  –
r-4  –   –               –        –               –              the graph is cut off
r-5  10  3               1        fits no better  –              –
r-3  10  3               1        undecided       mend it        –
"""  # noqa: E501 (a table)
    )
    assert told(*runs) == [
        (
            "warn",
            "tiny declares BGR, its answers fit RGB: 3 → 10 of 10 right",
            "mean p(label) 0.40 → 0.75, paired over items, p = 0.02",
            "set it to RGB",
            (0, 5),
        )
    ]


def test_a_reading_that_loses_no_answer_may_win_by_probability_alone() -> None:
    unsure = example_run("r-1", answers=TEN)
    items = tuple(
        dataclasses.replace(item, prediction={**item.prediction, "p_label": 0.5})
        for item in unsure.items
    )
    unsure = dataclasses.replace(unsure, items=items)
    ((sign, claim, detail, _, _),) = told(
        unsure, read_as(example_run("r-2", answers=TEN), "input range", "x/255", "raw 0–255")
    )
    assert (sign, claim) == (
        "bad",
        "tiny declares x/255, its answers fit raw 0–255: 10 → 10 of 10 right",
    )
    assert detail == "mean p(label) 0.50 → 0.75, paired over items, p = 0.002"


@pytest.mark.parametrize("right", [7, 8, 9])
def test_what_few_items_barely_hint_at_is_not_told(right: int) -> None:
    six, more = ((*range(n), *(0,) * (10 - n)) for n in (6, right))
    tried = read_as(example_run("r-2", answers=more), "colour order", "BGR", "RGB")
    assert told(example_run("r-1", answers=six), tried) == []


def test_what_few_items_cannot_decide_is_a_note() -> None:
    six = (*range(6), *(0,) * 4)
    tried = read_as(example_run("r-2", answers=TEN), "colour order", "BGR", "RGB", "set it to RGB")
    assert told(example_run("r-1", answers=six), tried) == [
        (
            "note",
            "tiny declares BGR; RGB may fit better: 6 → 10 of 10 right",
            "10 items cannot decide it, p = 0.12",
            "ask for more items, or set it to RGB",
            (0, 5),
        )
    ]


def test_a_suspect_model_that_no_reading_explains_is_still_told() -> None:
    assert told(example_run("r-1", answers=(3, 3, 5, 7, 9, 1, 0, 2, 4, 6))) == [
        (
            "bad",
            "tiny on onnxruntime: labels shifted, wrong output tensor or wrong input range",
            "top-1 0.0 % is at most thrice that of guessing among 10 classes; "
            "no other reading tried fits better (labels)",
            "compare tensor names, steps and labels with the model's source",
            (0, 1, 2, 3, 4),
        )
    ]


def test_a_right_model_is_not_suspected() -> None:
    assert told(example_run("r-1", answers=TEN)) == []


def test_models_that_classify_nothing_have_no_rows() -> None:
    run = example_run("r-1")
    model = run.plan.model.model_copy(update={"task": "raw"})
    plan = run.plan.model_copy(update={"model": model})
    assert len(Declaration().table([dataclasses.replace(run, plan=plan)])) == 0
