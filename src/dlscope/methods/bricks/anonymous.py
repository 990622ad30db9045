"""`anonymous`: a suite that others may run, and that does not tell whose models it is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace

from dlscope.core.errors import GraphError
from dlscope.graph.brick import Brick
from dlscope.graph.brick_attributes import Plain
from dlscope.methods.bricks.composed_model import ComposedModel
from dlscope.methods.bricks.suite import Suite

TASK = "undisclosed"
_LEARNT = "ai.onnx.ml"
_MOST_NUMBERS = 8


def anonymous(suite: Suite, decoys: Iterable[Suite] = ()) -> Suite:
    """The suite without names, order and wiring: bricks and how often models have them.

    Bricks of `decoys` stand among the others. What remains visible: the type, shape and parameters
    of every brick, and how often each model has it; with few layers per brick little of how they
    are wired. Weights are in no suite. Raises `GraphError` for decoys that are cut differently, and
    for an operator whose parameters are what a model has learnt.
    """
    for brick in suite.bricks.values():
        _require_nothing_learnt(brick)
    joined = suite
    for number, decoy in enumerate(decoys):
        joined = joined.with_models_of(_renamed(decoy, f"decoy {number} "))
    order = sorted(joined.bricks, key=_shuffled)
    return replace(
        suite,
        bricks={brick: _without_samples(joined.bricks[brick]) for brick in order},
        models=tuple(_unnamed(number, model) for number, model in enumerate(suite.models, start=1)),
    )


def _renamed(suite: Suite, prefix: str) -> Suite:
    models = tuple(replace(model, name=f"{prefix}{model.name}") for model in suite.models)
    return replace(suite, models=models)


def _shuffled(brick: str) -> str:
    """An order that says nothing: that of a hash of the identity."""
    return hashlib.sha256(brick.encode()).hexdigest()


def _require_nothing_learnt(brick: Brick) -> None:
    for layer in brick.layers:
        if layer.domain == _LEARNT or any(map(_is_long, layer.attributes.values())):
            raise GraphError(
                f"the attributes of {layer.operator} hold what the model has learnt",
                where=f"brick {brick.id}",
                fix="leave this model out, or share the suite with its name",
            )


def _is_long(attribute: Plain) -> bool:
    """Whether it is a list of floating numbers that is too long for bounds or scales."""
    held = attribute.get("value") if isinstance(attribute, Mapping) else attribute
    if not isinstance(held, list) or len(held) <= _MOST_NUMBERS:
        return False
    return any(isinstance(each, float) for each in held)


def _unnamed(number: int, model: ComposedModel) -> ComposedModel:
    ordered = sorted(model.composition.items(), key=lambda each: _shuffled(each[0]))
    differences = sorted(model.differences, key=lambda term: _shuffled("".join(term.bricks)))
    return ComposedModel(
        name=f"model-{number}",
        task=TASK,
        batch=model.batch,
        layers=model.layers,
        whole="",
        composition=dict(ordered),
        views=model.views,
        differences=tuple(differences),
    )


def _without_samples(brick: Brick) -> Brick:
    """Without values that the model had there: what it was fed is nobody's business."""
    tensors = tuple(replace(each, sample=None) for each in brick.tensors)
    return replace(brick, tensors=tensors)
