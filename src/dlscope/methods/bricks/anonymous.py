"""`anonymous`: a suite that others may run, and that does not tell whose models it is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from dlscope.graph.brick import Brick
from dlscope.methods.bricks.suite import ComposedModel, Suite

TASK = "undisclosed"


def anonymous(suite: Suite, decoys: Iterable[Suite] = ()) -> Suite:
    """The suite without names, order and wiring: bricks and how often models have them.

    Bricks of `decoys` stand among the others. What remains visible: the type, shape and parameters
    of every brick, and how often each model has it; with few layers per brick little of how they
    are wired. Weights are in no suite. Raises `GraphError` for decoys that are cut differently.
    """
    joined = suite
    for number, decoy in enumerate(decoys):
        joined = joined.with_models_of(_renamed(decoy, f"decoy {number} "))
    order = sorted(joined.bricks, key=_shuffled)
    return Suite(
        suite.cut,
        suite.granularity,
        suite.runtime,
        {brick: _without_samples(joined.bricks[brick]) for brick in order},
        tuple(_unnamed(number, model) for number, model in enumerate(suite.models, start=1)),
        suite.generator,
    )


def _renamed(suite: Suite, prefix: str) -> Suite:
    models = tuple(replace(model, name=f"{prefix}{model.name}") for model in suite.models)
    return replace(suite, models=models)


def _shuffled(brick: str) -> str:
    """An order that says nothing: that of a hash of the identity."""
    return hashlib.sha256(brick.encode()).hexdigest()


def _unnamed(number: int, model: ComposedModel) -> ComposedModel:
    ordered = sorted(model.composition.items(), key=lambda each: _shuffled(each[0]))
    return ComposedModel(
        name=f"model-{number}",
        task=TASK,
        batch=model.batch,
        layers=model.layers,
        whole="",
        composition=dict(ordered),
        views=model.views,
    )


def _without_samples(brick: Brick) -> Brick:
    """Without values that the model had there: what it was fed is nobody's business."""
    tensors = tuple(replace(each, sample=None) for each in brick.tensors)
    return replace(brick, tensors=tensors)
