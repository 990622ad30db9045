"""Steps on what a network answers: scores, probabilities, classes, embeddings.

Axes: K classes, T tokens, D features. A prediction is plain data that JSON can hold.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from dlscope.pipelines.base import Spec, Step, StepContext, Value, as_array
from dlscope.pipelines.requirements import (
    ARRAYS,
    axis_index,
    require_float,
    require_kind,
    with_size,
    without_axis,
)


@final
class Softmax(Step):
    """exp(x) / Σ exp(x) along `axis`.

    `if_not_normalised` leaves an item alone whose entries are ≥ 0 and sum to 1 within 1e-3.
    """

    step: ClassVar[str] = "softmax"
    axis: str = "K"
    when: Literal["always", "never", "if_not_normalised"] = "always"

    def _infer(self, spec: Spec) -> Spec:
        require_float(self, spec)
        axis_index(self, spec, self.axis)
        return spec if self.when == "never" else replace(spec, lo=0.0, hi=1.0)

    def _apply(self, value: Value, _context: StepContext) -> Value:
        array = as_array(value)
        axis = value.axes.index(self.axis)
        if self.when == "never" or (
            self.when == "if_not_normalised" and _is_normalised(array, axis)
        ):
            return value
        wide = array.astype(np.float64)
        powers = np.exp(wide - wide.max(axis=axis, keepdims=True))
        shares = powers / powers.sum(axis=axis, keepdims=True)
        return value.with_data(shares.astype(array.dtype))


@final
class Sigmoid(Step):
    """1 / (1 + exp(−x)) of every entry."""

    step: ClassVar[str] = "sigmoid"

    def _infer(self, spec: Spec) -> Spec:
        require_float(self, spec)
        return replace(spec, lo=0.0, hi=1.0)

    def _apply(self, value: Value, _context: StepContext) -> Value:
        array = as_array(value)
        # exp of a number ≤ 0 never overflows.
        small = np.exp(-np.abs(array.astype(np.float64)))
        shares = np.where(array >= 0, 1.0, small) / (1.0 + small)
        return value.with_data(shares.astype(array.dtype))


@final
class Argmax(Step):
    """Index of the largest entry along `axis`, int64, the first of equal ones; the axis goes."""

    step: ClassVar[str] = "argmax"
    axis: str = "K"

    def _infer(self, spec: Spec) -> Spec:
        index = axis_index(self, spec, self.axis)
        shape = spec.shape[:index] + spec.shape[index + 1 :]
        known = spec.shape[index]
        high = None if known is None else float(known - 1)
        return Spec("tensor", "int64", without_axis(spec.axes, index), shape, lo=0.0, hi=high)

    def _apply(self, value: Value, _context: StepContext) -> Value:
        index = value.axes.index(self.axis)
        largest = np.argmax(as_array(value), axis=index).astype(np.int64)
        return value.with_data(largest, axes=without_axis(value.axes, index), color=None)


@final
class DropClass(Step):
    """All classes but the one at `index`, such as the background class of 1001."""

    step: ClassVar[str] = "drop_class"
    index: Annotated[int, Field(ge=0)] = 0

    def _infer(self, spec: Spec) -> Spec:
        place = axis_index(self, spec, "K")
        known = spec.shape[place]
        if known is not None and self.index >= known:
            raise self._refuse(
                f"there is no class {self.index} among {known}",
                f"use an index below {known}",
            )
        size = None if known is None else known - 1
        return replace(spec, shape=with_size(spec, place, size))

    def _apply(self, value: Value, _context: StepContext) -> Value:
        place = value.axes.index("K")
        return value.with_data(np.delete(as_array(value), self.index, axis=place))


@final
class TopK(Step):
    """The `k` most probable classes, the most probable first, ties by lower index.

    Prediction `{"classes": [[index, label or null, probability], …], "top": [index, …]}`; the
    attribute `probabilities` has every class, float32, and `labels` their names where there are
    any. Fewer than `k` classes give them all.
    """

    step: ClassVar[str] = "top_k"
    k: Annotated[int, Field(gt=0)] = 5

    def _infer(self, spec: Spec) -> Spec:
        require_float(self, spec)
        if spec.axes != "K":
            raise self._refuse(
                f"top_k takes one vector of classes (K), got {spec}", "use layout NK"
            )
        return Spec("prediction")

    def _apply(self, value: Value, context: StepContext) -> Value:
        probabilities_k = as_array(value).astype(np.float32)
        top = [int(i) for i in np.argsort(-probabilities_k, kind="stable")[: self.k]]
        classes = [[i, _label(context, i), float(probabilities_k[i])] for i in top]
        told = {"probabilities": probabilities_k, "labels": context.labels}
        attributes = {**value.attributes, **told}
        return value.with_data({"classes": classes, "top": top}, axes="", attributes=attributes)


@final
class Threshold(Step):
    """Whether each entry is at least `value`, as bool."""

    step: ClassVar[str] = "threshold"
    value: float = 0.5

    def _infer(self, spec: Spec) -> Spec:
        require_kind(self, spec, *ARRAYS)
        return replace(spec, kind="tensor", dtype="bool", color=None, lo=0.0, hi=1.0)

    def _apply(self, value: Value, _context: StepContext) -> Value:
        return value.with_data(as_array(value) >= self.value, color=None)


@final
class MeanPool(Step):
    """Mean over the tokens, T × D → D; with `mask`, over those where that input is not 0.

    Rows beyond the mask's length are padding of the batch.
    """

    step: ClassVar[str] = "mean_pool"
    mask: str | None = None

    def _infer(self, spec: Spec) -> Spec:
        require_float(self, spec)
        index = axis_index(self, spec, "T")
        shape = spec.shape[:index] + spec.shape[index + 1 :]
        return replace(spec, axes=without_axis(spec.axes, index), shape=shape)

    def _apply(self, value: Value, context: StepContext) -> Value:
        index = value.axes.index("T")
        tokens_td = np.moveaxis(as_array(value), index, 0)
        weights_t = self._weights(len(tokens_td), context)
        total = np.tensordot(weights_t, tokens_td.astype(np.float64), axes=1)
        pooled = (total / weights_t.sum()).astype(tokens_td.dtype)
        return value.with_data(pooled, axes=without_axis(value.axes, index))

    def _weights(self, tokens: int, context: StepContext) -> NDArray[np.float64]:
        weights = np.zeros(tokens)
        if self.mask is None:
            weights[:] = 1.0
        elif self.mask not in context.inputs:
            raise self._spoiled(
                f"there is no input {self.mask!r} to pool by", "name an input of the model"
            )
        else:
            mask = as_array(context.inputs[self.mask])
            if len(mask) > tokens:
                raise self._spoiled(
                    f"the mask has {len(mask)} tokens, the output {tokens}",
                    "use the mask of the same tokens",
                )
            weights[: len(mask)] = mask != 0
        if not weights.any():
            raise self._spoiled("there is no token to pool", "leave out the empty text")
        return weights


@final
class L2Normalize(Step):
    """x / ‖x‖₂ as a prediction `{"embedding": [x, …]}`; a vector of zeros is refused."""

    step: ClassVar[str] = "l2_normalize"

    def _infer(self, spec: Spec) -> Spec:
        require_float(self, spec)
        if len(spec.axes) != 1:
            raise self._refuse(f"l2_normalize takes one vector, got {spec}", "pool it first")
        return Spec("prediction")

    def _apply(self, value: Value, _context: StepContext) -> Value:
        vector = as_array(value).astype(np.float64)
        length = float(np.sqrt(vector @ vector))
        if length == 0:
            raise self._spoiled("the embedding is all zeros", "leave the item out")
        unit = (vector / length).astype(np.float32)
        return value.with_data({"embedding": unit.tolist()}, axes="")


def _is_normalised(array: NDArray[Any], axis: int) -> bool:
    sums = array.astype(np.float64).sum(axis=axis)
    return bool((array >= 0).all() and (np.abs(sums - 1.0) <= 1e-3).all())


def _label(context: StepContext, index: int) -> str | None:
    return context.labels[index] if index < len(context.labels) else None
