"""TensorFlow: an ONNX file, translated operator by operator and traced for each shape."""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any, final

from dlscope.backends.base import Backend, Options, Predictor, Tensors
from dlscope.backends.onnx_graph.program import Program
from dlscope.backends.onnx_signature import read_model
from dlscope.backends.silenced import silenced
from dlscope.core.trace import Level
from dlscope.tracing.sources.tensorflow_operators import Layer, is_movement
from dlscope.tracing.tracer import Capability, Tracer

# Read when TensorFlow is first imported: what fails is raised, and needs no log.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

with silenced():
    import tensorflow as tf

    from dlscope.backends.onnx_to_tensorflow.translate import scope_of, translate
    from dlscope.backends.tensorflow_tracers import ProfilerTracer, capabilities

_CPU = "/CPU:0"
_Shapes = tuple[tuple[int, ...], ...]


@final
class TensorFlowPredictor(Predictor):
    """One function, traced into a graph at the first prediction of each shape of its inputs.

    A model of fixed shapes is traced when it is opened. `threads` holds for the whole process: only
    the first model that is opened can set it. The report has the number that is really used.
    """

    def __init__(self, path: Path, options: Options) -> None:
        with silenced():
            self._threads = _start_threads(options.threads)
        program = Program.of(read_model(path), path)
        self._function = translate(program)
        self.inputs, self.outputs = program.inputs, program.outputs
        self.scopes = {
            scope_of(node.name): Layer(node.name, is_movement(node.op_type))
            for node in program.nodes
            if node.name
        }
        self._graphs: dict[_Shapes, Any] = {}
        self._trace_ns = 0
        shapes = tuple(spec.shape for spec in self.inputs)
        if all(None not in shape for shape in shapes):
            self._trace(shapes)

    def report(self) -> dict[str, str | int | float | bool]:
        """What was traced so far, and how long that took."""
        return {
            "precision": "float32",
            "device": "cpu",
            "threads": self._threads,
            "traced_shapes": len(self._graphs),
            "trace_ms": round(self._trace_ns / 1e6, 3),
        }

    def _predict(self, feeds: Tensors) -> Tensors:
        arrays = [feeds[spec.name] for spec in self.inputs]
        shapes = tuple(array.shape for array in arrays)
        graph = self._graphs.get(shapes) or self._trace(shapes)
        with tf.device(_CPU):
            results = graph(*map(tf.constant, arrays))
        return {
            # What `numpy` hands out is a copy.
            spec.name: result.numpy()
            for spec, result in zip(self.outputs, results, strict=True)
        }

    def _trace(self, shapes: Any) -> Any:
        began = time.perf_counter_ns()
        specs = [
            tf.TensorSpec(shape, spec.dtype)
            for shape, spec in zip(shapes, self.inputs, strict=True)
        ]
        function = tf.function(lambda *inputs: self._function(inputs), autograph=False)
        with silenced(), tf.device(_CPU):
            graph = function.get_concrete_function(*specs)
        self._trace_ns += time.perf_counter_ns() - began
        self._graphs[shapes] = graph
        return graph

    def _close(self) -> None:
        self._graphs.clear()
        del self._function


@final
class TensorFlowBackend(Backend):
    """TensorFlow's graphs, on the CPU. Nothing in the file is executed: only its graph is read."""

    name = "tensorflow"
    levels = ("MODEL", "LAYER", "KERNEL")

    @classmethod
    def version(cls) -> str:
        """Version of TensorFlow."""
        return str(tf.__version__)

    @classmethod
    def capabilities(cls) -> tuple[Capability, ...]:
        """What can be seen of TensorFlow on the CPU."""
        return capabilities()

    def _open(self, model: Path, options: Options) -> Predictor:
        return TensorFlowPredictor(model, options)

    def _open_traced(
        self, model: Path, options: Options, levels: Collection[Level]
    ) -> tuple[Predictor, tuple[Tracer, ...]]:
        predictor = TensorFlowPredictor(model, options)
        if not set(ProfilerTracer.levels) & set(levels):
            return predictor, ()
        return predictor, (ProfilerTracer(levels, predictor.scopes),)


def _start_threads(threads: int) -> int:
    """The threads within an operator: `threads` when TensorFlow has not begun, else as before."""
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        # It has begun, by the hand of another model or of the caller.
        pass
    else:
        tf.config.list_logical_devices()
    # 0 stands for one for each core.
    return tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count() or 1
