"""ONNX Runtime as it reads a graph, nothing fused: `dlscope evaluate MODEL --backend plain`."""

from pathlib import Path

import onnxruntime as ort

from dlscope.backends.base import Backend, Options, Predictor, Tensors
from dlscope.backends.onnx_signature import read_model, signature


class PlainPredictor(Predictor):
    """One session, node by node."""

    def __init__(self, path: Path, threads: int) -> None:
        self.inputs, self.outputs = signature(read_model(path), path)
        settings = ort.SessionOptions()
        settings.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        settings.intra_op_num_threads = threads
        self._session = ort.InferenceSession(path, settings, providers=["CPUExecutionProvider"])

    def _predict(self, feeds: Tensors) -> Tensors:
        names = [each.name for each in self.outputs]
        return dict(zip(names, self._session.run(names, dict(feeds)), strict=True))


class PlainBackend(Backend):
    """ONNX Runtime with its optimisations off."""

    name = "plain"

    @classmethod
    def version(cls) -> str:
        """Version of ONNX Runtime."""
        return str(ort.__version__)

    def _open(self, model: Path, options: Options) -> Predictor:
        return PlainPredictor(model, options.threads)
