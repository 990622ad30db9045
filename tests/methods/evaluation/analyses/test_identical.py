from __future__ import annotations

import dataclasses

from dlscope.core.run import ItemResult
from dlscope.methods.evaluation.analyses.identical import Identical
from dlscope.testing.analyses import example_run

SIX = tuple(range(6))


def findings(*runs):
    return [
        (each.sign, each.claim, each.detail, each.rows)
        for each in Identical().findings(Identical().table(runs))
    ]


def nudged(run, by: float):
    """`run` with every probability raised."""
    items = []
    for item in run.items:
        ((index, name, probability),) = item.prediction["classes"]
        prediction = {**item.prediction, "classes": [[index, name, probability + by]]}
        items.append(dataclasses.replace(item, prediction=prediction))
    return dataclasses.replace(run, items=tuple(items))


def test_tells_which_models_give_the_very_same_predictions(text) -> None:
    runs = [
        example_run("r-1", model="a", answers=SIX),
        example_run("r-2", model="b", answers=SIX),
        example_run("r-3", model="c", answers=(*SIX[:5], 0)),
        example_run("r-4", model="d", answers=(0, 1)),
        example_run("r-5", model="e", status="failed", answers=(), latencies_ns=()),
    ]
    assert (
        text(Identical().table(runs), "model", "run", "n", "same_as", "distinct", "reason")
        == """
model    run  n  same_as  distinct  reason
a@1.2.0  r-1  6  b@1.2.0  False     –
b@1.2.0  r-2  6  a@1.2.0  False     –
c@1.2.0  r-3  6  –        True      –
d@1.2.0  r-4  2  –        –         2 items with a prediction, 5 are needed
e@1.2.0  r-5  0  –        –         the graph is cut off
"""
    )
    assert findings(*runs) == [
        (
            "warn",
            "The same weights are registered twice: a@1.2.0, b@1.2.0",
            "identical predictions on 6 items",
            (0, 1),
        )
    ]


def test_one_finding_tells_of_all_models_and_frameworks() -> None:
    runs = [
        example_run(f"r-{model}-{framework}", model=model, framework=framework, answers=SIX)
        for model in "abc"
        for framework in ("onnxruntime", "torch")
    ]
    ((_, claim, _, rows),) = findings(*runs)
    assert claim == "The same weights are registered 3 times: a@1.2.0, b@1.2.0, c@1.2.0"
    assert rows == (0, 1, 2, 3, 4, 5)


def test_probabilities_a_millionth_apart_are_the_same_and_more_are_not() -> None:
    a, b = (example_run(f"r-{name}", model=name, answers=SIX) for name in "ab")
    assert len(findings(a, nudged(b, 5e-7))) == 1
    assert findings(a, nudged(b, 5e-6)) == []


def test_predictions_without_classes_are_the_same_when_they_are_equal() -> None:
    def reads(name: str, text: str):
        items = tuple(ItemResult(f"i-{n}", {"text": f"{text} {n}"}, None) for n in range(5))
        return dataclasses.replace(example_run(f"r-{name}", model=name), items=items)

    assert len(findings(reads("a", "hello"), reads("b", "hello"))) == 1
    assert findings(reads("a", "hello"), reads("b", "goodbye")) == []


def test_a_model_is_not_held_against_itself_on_another_framework() -> None:
    runs = [example_run("r-1", answers=SIX), example_run("r-2", framework="torch", answers=SIX)]
    assert findings(*runs) == []
