from __future__ import annotations

import dataclasses

from dlscope.methods.evaluation.analyses.suspicion import class_count, suspicions
from dlscope.methods.evaluation.variants import Variant
from dlscope.testing.analyses import example_run

TEN = tuple(range(10))


def right(run_id: str, count: int, **changes):
    """A Run of ten items of which `count` are right."""
    answers = tuple(n if n < count else (n + 1) % 10 for n in range(10))
    return example_run(run_id, answers=answers, **changes)


def with_classes(run, classes: int | None):
    dataset = run.plan.dataset.model_copy(update={"classes": classes})
    return dataclasses.replace(run, plan=run.plan.model_copy(update={"dataset": dataset}))


def test_below_a_fifth_of_the_best_framework_is_suspect() -> None:
    runs = [right("r-1", 10), right("r-2", 1, framework="torch")]
    assert suspicions(runs) == {
        "r-2": "top-1 10.0 % is below a fifth of the best framework's 100.0 %"
    }


def test_a_fifth_itself_is_not_below_it() -> None:
    runs = [with_classes(right(f"r-{n}", n, framework=f"f{n}"), 100) for n in (10, 2)]
    assert suspicions(runs) == {}


def test_at_most_three_of_k_is_suspect_where_classes_are_many() -> None:
    assert suspicions([right("r-1", 3)]) == {
        "r-1": "top-1 30.0 % is at most thrice that of guessing among 10 classes"
    }
    assert suspicions([right("r-1", 4)]) == {}
    assert suspicions([with_classes(right("r-1", 3), 9)]) == {}


def test_other_models_and_data_sets_are_no_measure() -> None:
    runs = [right("r-1", 10), right("r-2", 4, model="other")]
    assert suspicions(runs) == {}


def test_a_variant_neither_is_suspect_nor_makes_others_so() -> None:
    run = right("r-2", 0)
    model = Variant("colour order", "RGB", "BGR", "mend it").marked(run.plan.model)
    variant = dataclasses.replace(run, plan=run.plan.model_copy(update={"model": model}))
    assert suspicions([right("r-1", 10), variant]) == {}


def test_runs_without_top_1_are_not_judged() -> None:
    assert suspicions([dataclasses.replace(right("r-1", 0), metrics=())]) == {}


def test_classes_are_those_of_the_data_set_else_of_the_output() -> None:
    plan = right("r-1", 0).plan
    assert class_count(plan) == 10
    assert class_count(with_classes(right("r-1", 0), 7).plan) == 7
    (output,) = plan.model.outputs
    free = output.model_copy(update={"shape": ("N", None)})
    model = plan.model.model_copy(update={"outputs": (free,)})
    assert class_count(plan.model_copy(update={"model": model})) is None
