"""ONNX Runtime on the CPU, activations as ONNX lists them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import onnxruntime

from dlscope.graph.body import value_name
from dlscope.graph.brick import Brick
from dlscope.graph.brick_model import brick_feeds, brick_model
from dlscope.methods.bounds.implementation import (
    Configuration,
    Implementation,
    Runnable,
    Unsupported,
    declared_dtype,
)
from dlscope.methods.bounds.implementations.ort_session import (
    EXTENDED,
    UNCHANGED,
    OrtRunnable,
    kernels,
    optimised,
    session_of,
)
from dlscope.methods.bounds.implementations.refusals import refusals

FUSED = "fused"
_LEVELS = {"": UNCHANGED, FUSED: EXTENDED}


@final
class Ort(Implementation):
    """A session of the brick alone, its graph left as it is.

    Several layers, and one that holds others, also as `fused`: optimised up to the level that keeps
    the plain layout.
    """

    name = "ort"
    family = "mlas"

    @classmethod
    def version(cls) -> str:
        """Version of ONNX Runtime."""
        return str(onnxruntime.__version__)

    def configurations(self, brick: Brick) -> Sequence[Configuration | Unsupported]:
        """In the types that the brick declares."""
        has_several = len(brick.layers) > 1 or any(layer.has_bodies for layer in brick.layers)
        algorithms = ("", FUSED) if has_several else ("",)
        dtype = declared_dtype(brick)
        found = [Configuration(algorithm, dtype) for algorithm in algorithms]
        if dtype != "float32":
            return found
        reason = "ONNX Runtime has no bfloat16 kernels for the CPU"
        return [*found, Unsupported(reason, Configuration(dtype="bfloat16"))]

    def _build(self, brick: Brick, configuration: Configuration, threads: int) -> Runnable:
        with refusals("ONNX Runtime", brick):
            level = _LEVELS[configuration.algorithm]
            model = brick_model(brick)
            if level != UNCHANGED:
                model = optimised(model, level)
            session = session_of(model, UNCHANGED, threads=threads)
            outputs = list(map(value_name, brick.outputs))
            return OrtRunnable(session, brick_feeds(brick), outputs, kernels(model.graph.node))
