from __future__ import annotations

import dataclasses

from dlscope.methods.evaluation.variants import Variant, as_declared
from dlscope.testing.analyses import example_run

VARIANT = Variant("colour order", "BGR", "RGB", "set color_mode: RGB")


def of_model(run, model):
    return dataclasses.replace(run, plan=run.plan.model_copy(update={"model": model}))


def test_a_model_remembers_what_was_changed_of_it() -> None:
    run = example_run("r-1")
    assert Variant.of(of_model(run, VARIANT.marked(run.plan.model))) == VARIANT


def test_a_model_as_declared_is_no_variant() -> None:
    assert Variant.of(example_run("r-1")) is None


def test_the_mark_keeps_other_attributes_and_changes_the_digest() -> None:
    model = example_run("r-1").plan.model.model_copy(update={"attributes": {"family": "cnn"}})
    marked = VARIANT.marked(model)
    assert marked.attributes["family"] == "cnn"
    assert marked.digest != model.digest
    assert marked.identity == model.identity


def test_variants_are_told_from_results() -> None:
    run = example_run("r-1")
    variant = of_model(example_run("r-2"), VARIANT.marked(run.plan.model))
    assert [each.id for each in as_declared([variant, run])] == ["r-1"]
