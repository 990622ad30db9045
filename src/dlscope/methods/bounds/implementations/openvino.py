"""OpenVINO on the CPU: a compiled model of the brick alone, its tensors set beforehand."""

from __future__ import annotations

import importlib.metadata
import io
from collections import Counter
from collections.abc import Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.backends.openvino import openvino
from dlscope.graph.brick import Brick
from dlscope.graph.brick_model import brick_feeds, brick_model
from dlscope.methods.bounds.implementation import (
    CHANNELS_LAST,
    PLAIN,
    Configuration,
    Implementation,
    Runnable,
    Unsupported,
    declared_dtype,
)
from dlscope.methods.bounds.implementations.cpu_features import missing_instructions
from dlscope.methods.bounds.implementations.refusals import refusals

_DEVICE = "CPU"
_IMAGE_AXES = 4
_FIRST, _LAST = "NCHW", "NHWC"
_TO_LAST, _TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
# Around all others OpenVINO would transpose.
_CHANNELS_LAST = frozenset({"Conv", "ConvTranspose", "GlobalAveragePool", "Resize"})
# What OpenVINO computes with its fork of oneDNN; all else is code of its own, or names its maker.
_BY_ONEDNN = frozenset(
    {"Convolution", "Deconvolution", "FullyConnected", "LSTMCell", "LSTMSequence", "Lrn", "MatMul"}
    | {"Pooling", "RNNCell", "RNNSeq", "Softmax"}
)
_BY_MLAS = "gemm_mlas"
_NO_LAYER = frozenset({"Const", "Input", "Output"})
# Changes of layout and of shape, which a whole model has at its ends alone, or which cost nothing.
_MOVES = ("Reorder", "Reshape", "Transpose")


@final
class OpenVino(Implementation):
    """One stream, made for latency; plain, and images with the channels last.

    With the channels last, the changes of layout around a convolution fall away.
    """

    name = "openvino"
    family = "openvino"

    @classmethod
    def version(cls) -> str:
        """Version of the distribution."""
        return importlib.metadata.version("openvino")

    def configurations(self, brick: Brick) -> Sequence[Configuration | Unsupported]:
        """In float32 and, where the processor has it, in bfloat16."""
        declared = declared_dtype(brick)
        if declared not in ("float32", "float16"):
            return [Unsupported(f"it would compute {declared} in float32", Configuration())]
        dtypes = ("float32", "bfloat16") if declared == "float32" else ("float16",)
        layouts = (PLAIN, CHANNELS_LAST) if _is_read_channels_last(brick) else (PLAIN,)
        wanted = [
            Configuration(dtype=dtype, layout=layout) for layout in layouts for dtype in dtypes
        ]
        return [_way(each) for each in wanted]

    def _build(self, brick: Brick, configuration: Configuration, threads: int) -> Runnable:
        with refusals("OpenVINO", brick):
            model = _converted(brick)
            if configuration.dtype == "bfloat16":
                model = _in_bfloat16(model)
            return OpenVinoRunnable(_laid_out(model, configuration), brick, configuration, threads)


@final
class OpenVinoRunnable(Runnable):
    """One request with its tensors, which nothing else writes to."""

    def __init__(
        self, model: Any, brick: Brick, configuration: Configuration, threads: int
    ) -> None:
        settings = _settings(configuration.dtype, threads)
        compiled = openvino.Core().compile_model(model, _DEVICE, settings)
        self._request = compiled.create_infer_request()
        self._is_last = configuration.layout == CHANNELS_LAST
        feeds = brick_feeds(brick).values()
        self._inputs = [
            self._tensor(port, array) for port, array in zip(compiled.inputs, feeds, strict=True)
        ]
        for index, tensor in enumerate(self._inputs):
            self._request.set_input_tensor(index, tensor)
        self._request.infer()
        self._outputs = [
            openvino.Tensor(port.element_type, self._request.get_output_tensor(index).shape)
            for index, port in enumerate(compiled.outputs)
        ]
        for index, tensor in enumerate(self._outputs):
            self._request.set_output_tensor(index, tensor)
        self.notes = _notes(compiled)

    def run(self) -> None:
        """One inference."""
        self._request.infer()

    def outputs(self) -> Sequence[NDArray[Any]]:
        """The outputs, images as NCHW."""
        arrays = (_wide(tensor) for tensor in self._outputs)
        return [self._turned(each, _TO_FIRST) for each in arrays]

    def close(self) -> None:
        """Let the request and its tensors go."""
        del self._request
        self._inputs.clear()
        self._outputs.clear()

    def _tensor(self, port: Any, array: NDArray[Any]) -> Any:
        turned = np.ascontiguousarray(self._turned(array, _TO_LAST))
        tensor = openvino.Tensor(port.element_type, openvino.Shape(turned.shape))
        if port.element_type == openvino.Type.bf16:
            tensor.data.view(np.uint16)[...] = _as_bfloat16(turned)
        else:
            tensor.data[...] = turned
        return tensor

    def _turned(self, array: NDArray[Any], axes: Sequence[int]) -> NDArray[Any]:
        is_turned = self._is_last and array.ndim == _IMAGE_AXES
        return array.transpose(tuple(axes)) if is_turned else array


def _way(wanted: Configuration) -> Configuration | Unsupported:
    reason = missing_instructions(wanted.dtype)
    return wanted if reason is None else Unsupported(reason, wanted)


def _is_read_channels_last(brick: Brick) -> bool:
    has_image = any(len(brick.tensors[place].shape) == _IMAGE_AXES for place in brick.inputs)
    return has_image and any(layer.op_type in _CHANNELS_LAST for layer in brick.layers)


def _converted(brick: Brick) -> Any:
    front_end = openvino.frontend.FrontEndManager().load_by_framework("onnx")
    stream = io.BytesIO(brick_model(brick).SerializeToString())
    return front_end.convert(front_end.load(stream))


def _in_bfloat16(model: Any) -> Any:
    """The model with float32 inputs and constants as bfloat16, as layers amid a model have them.

    Were they converted at the ends only, each benchmark would have a kernel more that converts, and
    a fused group would look like two.
    """
    for parameter in model.get_parameters():
        if parameter.element_type == openvino.Type.f32:
            parameter.set_element_type(openvino.Type.bf16)
    for layer in model.get_ordered_ops():
        for place in layer.inputs():
            constant = place.get_source_output().get_node()
            is_float = place.get_element_type() == openvino.Type.f32
            if is_float and constant.get_type_name() == "Constant":
                converted = openvino.opset13.convert(constant, "bf16")
                place.replace_source_output(converted.output(0))
    model.validate_nodes_and_infer_types()
    return model


def _laid_out(model: Any, configuration: Configuration) -> Any:
    """The model with inputs and outputs in the layout of `configuration`."""
    steps = openvino.preprocess.PrePostProcessor(model)
    for ports, step in ((model.inputs, steps.input), (model.outputs, steps.output)):
        for index, port in enumerate(ports):
            _lay_out(step(index), port, configuration)
    return steps.build()


def _lay_out(step: Any, port: Any, configuration: Configuration) -> None:
    if configuration.layout == CHANNELS_LAST and len(port.partial_shape) == _IMAGE_AXES:
        step.tensor().set_layout(openvino.Layout(_LAST))
        step.model().set_layout(openvino.Layout(_FIRST))


def _settings(dtype: str, threads: int) -> dict[str, str | int]:
    return {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": 1,
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": {"bfloat16": "bf16", "float16": "f16"}.get(dtype, "f32"),
    }


def _notes(compiled: Any) -> dict[str, str]:
    """What OpenVINO calls its code, and whose it is: that of the kinds of layers that compute."""
    kernels: Counter[str] = Counter()
    kinds = set()
    for layer in compiled.get_runtime_model().get_ops():
        told = layer.get_rt_info()
        kind, kernel = (told[key].astype(str) for key in ("layerType", "primitiveType"))
        if kind not in _NO_LAYER:
            kernels[f"{kind} {kernel}"] += 1
            kinds.add(kind)
    listed = ", ".join(kernels)
    computing = sum(count for name, count in kernels.items() if not name.startswith(_MOVES))
    notes = {"kernel": listed, "kernels": str(computing), "family": _family(kinds, listed)}
    return notes | ({"transform": "winograd"} if "winograd" in listed else {})


def _family(kinds: set[str], kernels: str) -> str:
    if _BY_MLAS in kernels:
        return "mlas"
    return "onednn" if kinds & _BY_ONEDNN else "openvino"


def _as_bfloat16(array: NDArray[Any]) -> NDArray[np.uint16]:
    """The upper halves of float32 numbers, rounded to the nearest, ties to even."""
    bits = np.ascontiguousarray(array, dtype=np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def _wide(tensor: Any) -> NDArray[Any]:
    """The numbers of a tensor; bfloat16, which NumPy lacks, as float32."""
    if tensor.get_element_type() != openvino.Type.bf16:
        return np.array(tensor.data)
    halves = np.array(tensor.data).view(np.uint16)
    return (halves.astype(np.uint32) << 16).view(np.float32)
