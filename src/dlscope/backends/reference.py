"""ONNX's own reference evaluator: slow, and the oracle of numerics.

Two operators of onnx 1.23.2 are known to differ from the standard's text: Softmax before opset 13
over more than one axis, and LRN.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import final

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from dlscope.backends.base import Backend, Options, Predictor, Tensors
from dlscope.backends.hardware_counters import counter_capability
from dlscope.backends.onnx_signature import read_model, signature
from dlscope.backends.reference_layers import LayerTracer
from dlscope.core.trace import Level
from dlscope.tracing.tracer import Capability, Tracer

_NOTHING_BELOW = tuple(
    Capability(
        level,
        LayerTracer.name,
        is_available=False,
        reason="the reference evaluator computes in NumPy, which tells nothing of itself",
        fix="trace another backend, such as torch",
    )
    for level in (Level.LIBRARY, Level.KERNEL)
)


@final
class ReferencePredictor(Predictor):
    """A model evaluated operator by operator in NumPy."""

    def __init__(self, path: Path) -> None:
        model = read_model(path)
        self.inputs, self.outputs = signature(model, path)
        self._evaluator = ReferenceEvaluator(model)

    def traced(self) -> Tracer:
        """A tracer, not started yet, of the predictions from now on."""
        return LayerTracer(self._evaluator)

    def report(self) -> dict[str, str | int | float | bool]:
        """It computes in the types the graph declares, in one thread but for NumPy's BLAS."""
        return {"precision": "as declared", "numpy": np.__version__}

    def _predict(self, feeds: Tensors) -> Tensors:
        results = self._evaluator.run(None, dict(feeds))
        # Operators such as Identity hand the fed array itself through.
        arrays = (np.array(result, order="C") for result in results)
        return dict(zip(self._evaluator.output_names, arrays, strict=True))


@final
class ReferenceBackend(Backend):
    """Every operator of the ONNX standard, as the standard's authors wrote it down."""

    name = "reference"
    levels = ("MODEL", "LAYER")

    @classmethod
    def version(cls) -> str:
        """Version of the `onnx` distribution."""
        version: str = onnx.__version__
        return version

    def _open(self, model: Path, options: Options) -> Predictor:
        del options
        return ReferencePredictor(model)

    @classmethod
    def capabilities(cls) -> tuple[Capability, ...]:
        """What can be seen of the evaluator."""
        return (Capability(Level.LAYER, LayerTracer.name), *_NOTHING_BELOW, counter_capability())

    def _open_traced(
        self, model: Path, options: Options, levels: Collection[Level]
    ) -> tuple[Predictor, tuple[Tracer, ...]]:
        del options
        predictor = ReferencePredictor(model)
        return predictor, (predictor.traced(),) if Level.LAYER in levels else ()
