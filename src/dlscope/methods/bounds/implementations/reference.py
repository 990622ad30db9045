"""`Reference`: what a brick computes, and how far an implementation is from it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator

from dlscope.graph.body import value_name
from dlscope.graph.brick import Brick
from dlscope.graph.brick_model import brick_feeds, brick_model
from dlscope.methods.bounds.implementation import Runnable
from dlscope.methods.bounds.implementations.ort_session import UNCHANGED, session_of
from dlscope.methods.bounds.implementations.refusals import refusals

# The evaluator loops over elements in Python: more of them would take longer than the benchmark.
_EVALUATED_ELEMENTS = 20_000
# Known to differ from the standard's text, see `backends.reference`; before opset 14 the evaluator
# takes every batch normalisation for one that is being trained.
_MISTAKEN = frozenset({"BatchNormalization", "LRN", "Softmax"})


@final
class Reference:
    """The outputs of a brick on its own inputs, computed once.

    By ONNX's own evaluator where it is right and the brick is small; else by ONNX Runtime, which
    changes nothing of the graph, in the types that it declares.
    """

    def __init__(self, brick: Brick) -> None:
        self._brick = brick

    @cached_property
    def outputs(self) -> tuple[NDArray[Any], ...]:
        """The arrays, in the order of the brick's outputs.

        Raises `BackendError` where neither can compute it.
        """
        names = [value_name(place) for place in self._brick.outputs]
        feeds = brick_feeds(self._brick)
        model = brick_model(self._brick)
        if self._is_evaluated():
            # It lacks some operators, and says so in many ways.
            with contextlib.suppress(Exception):
                found = ReferenceEvaluator(model).run(names, feeds)
                return tuple(np.asarray(each) for each in found)
        with refusals("ONNX Runtime", self._brick):
            session = session_of(model, UNCHANGED)
            return tuple(session.run(names, feeds))

    def checked(self, runnable: Runnable) -> float:
        """The relative error of what `runnable`, run once, computes.

        Raises `BackendError` where it fails to.
        """
        with refusals("the library", self._brick):
            runnable.run()
            return relative_error(runnable.outputs(), self.outputs)

    def _is_evaluated(self) -> bool:
        if any(layer.domain or layer.op_type in _MISTAKEN for layer in self._brick.layers):
            return False
        return sum(tensor.elements for tensor in self._brick.tensors) <= _EVALUATED_ELEMENTS


def relative_error(found: Sequence[NDArray[Any]], expected: Sequence[NDArray[Any]]) -> float:
    """The largest over all outputs of max|found − expected| / max|expected|.

    Infinite for another number or shape of outputs and where only one of them is no number.
    Absolute where all that is expected is 0.
    """
    if [each.shape for each in found] != [each.shape for each in expected]:
        return math.inf
    return max(map(_error, found, expected), default=0.0)


def _error(found: NDArray[Any], expected: NDArray[Any]) -> float:
    if expected.dtype == object or not expected.size:
        return 0.0 if np.array_equal(found, expected) else math.inf
    a, b = found.astype(np.float64), expected.astype(np.float64)
    is_finite = np.isfinite(b)
    if not np.array_equal(a[~is_finite], b[~is_finite], equal_nan=True):
        return math.inf
    a, b = a[is_finite], b[is_finite]
    if not np.isfinite(a).all():
        return math.inf
    if not a.size:
        return 0.0
    scale = float(np.abs(b).max())
    return float(np.abs(a - b).max()) / (scale or 1.0)
