"""ONNX's reference evaluator as a backend: `dlscope evaluate MODEL --backend evaluator`."""

from pathlib import Path

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from dlscope.backends.base import Backend, Options, Predictor, Tensors
from dlscope.backends.onnx_signature import read_model, signature


class EvaluatorPredictor(Predictor):
    """One model, evaluated operator by operator."""

    def __init__(self, path: Path) -> None:
        model = read_model(path)
        self.inputs, self.outputs = signature(model, path)
        self._evaluator = ReferenceEvaluator(model)

    def _predict(self, feeds: Tensors) -> Tensors:
        arrays = self._evaluator.run(None, dict(feeds))
        # The caller owns what it gets: an operator may hand a fed array itself through.
        copies = (np.array(array, order="C") for array in arrays)
        return dict(zip(self._evaluator.output_names, copies, strict=True))


class EvaluatorBackend(Backend):
    """The evaluator that comes with `onnx`; slow, and right."""

    name = "evaluator"

    @classmethod
    def version(cls) -> str:
        """Version of `onnx`."""
        return str(onnx.__version__)

    def _open(self, model: Path, options: Options) -> Predictor:
        del options  # this evaluator has nothing to set
        return EvaluatorPredictor(model)
