"""cuDNN on a GPU: a convolution, with its bias and an activation, by every plan that there is."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any, final

from dlscope.graph.brick import Brick, BrickLayer
from dlscope.methods.bounds.implementation import (
    CHANNELS_LAST,
    PLAIN,
    TF32,
    Configuration,
    Unsupported,
)
from dlscope.methods.bounds.implementations.cuda import Cuda, torch_on_gpu
from dlscope.methods.bounds.implementations.cudnn_library import (
    Convolution,
    CudnnFrontend,
    CudnnLibrary,
    CudnnPlan,
    Operands,
)
from dlscope.methods.bounds.implementations.device_implementation import (
    DeviceImplementation,
    known,
)
from dlscope.methods.bounds.implementations.device_runnable import (
    TENSOR_CORE,
    DeviceRunnable,
    arrays_of,
    device_dtypes,
    follows,
    on_device,
)

WORKSPACE_MB = 1024
HEURISTIC = "heuristic"
"""The first word of the algorithm that a library chooses by itself."""

_IMAGE_AXES = 4
_ACTIVATIONS = ("Clip", "Relu", "Sigmoid", "Tanh")
_TRANSFORMS = ("winograd", "fft")
_ROUNDING = frozenset({"tensor_core", "down_convert_inputs"})


@final
class Cudnn(DeviceImplementation):
    """One way for each plan of the heuristic modes A, B and FALLBACK.

    Plans that need more than `workspace_mb` of memory beside the tensors are unsupported.
    `library` and `cuda` stand in for those installed; raises `PluginError` where one is missing.
    """

    name = "cudnn"
    family = "cudnn"
    library_name = "cuDNN"

    def __init__(
        self,
        library: CudnnLibrary | None = None,
        cuda: Cuda | None = None,
        *,
        workspace_mb: int = WORKSPACE_MB,
    ) -> None:
        self._cuda = cuda if cuda is not None else torch_on_gpu(self.name)
        self._library = library if library is not None else _frontend()
        self._workspace_mb = workspace_mb

    @classmethod
    def version(cls) -> str:
        """Versions of cuDNN and of its front end."""
        return _frontend().version()

    def configurations(self, brick: Brick) -> Sequence[Configuration | Unsupported]:
        """Every plan in every type and layout; those that cannot be used, and why."""
        convolution = convolution_of(brick)
        if isinstance(convolution, str):
            return [Unsupported(convolution)]
        is_image = len(convolution.image) == _IMAGE_AXES
        layouts = (PLAIN, CHANNELS_LAST) if is_image else (PLAIN,)
        wanted = [
            Configuration("", dtype, layout) for dtype in device_dtypes(brick) for layout in layouts
        ]
        return [way for each in wanted for way in self._ways(convolution, each)]

    def _ways(
        self, convolution: Convolution, wanted: Configuration
    ) -> Iterator[Configuration | Unsupported]:
        possible = on_device(self._cuda, wanted)
        if isinstance(possible, Unsupported):
            yield possible
            return
        try:
            plans = self._library.plans(convolution, wanted.dtype, wanted.layout)
        # cuDNN says in many ways that it knows no plan.
        except Exception as error:
            yield Unsupported(str(error).strip().partition("\n")[0] or "no plan", wanted)
            return
        for plan in plans:
            reason = self._refusal(plan)
            way = _configuration(plan, wanted)
            yield Unsupported(reason, way) if reason else way

    def _refusal(self, plan: CudnnPlan) -> str:
        if plan.refusal:
            return plan.refusal
        needed_mb = -(-plan.workspace_bytes // 2**20)
        if needed_mb > self._workspace_mb:
            return f"needs {needed_mb} MB of workspace, {self._workspace_mb} MB are allowed"
        return ""

    def _launched(self, brick: Brick, configuration: Configuration) -> DeviceRunnable:
        convolution = known(convolution_of(brick))
        plan = self._found(convolution, configuration)
        operands = self._operands(brick, convolution, configuration, plan)

        def launch() -> Sequence[Any]:
            plan.execute(operands)
            return [operands.result]

        return DeviceRunnable(
            self._cuda,
            launch,
            workspace_bytes=plan.workspace_bytes,
            notes=_notes(plan),
        )

    def _found(self, convolution: Convolution, configuration: Configuration) -> CudnnPlan:
        plans = self._library.plans(convolution, configuration.dtype, configuration.layout)
        for plan in plans:
            if _algorithm(plan) == configuration.algorithm:
                if reason := self._refusal(plan):
                    raise ValueError(reason)
                return plan
        raise ValueError(f"there is no plan {configuration.algorithm!r}")

    def _operands(
        self, brick: Brick, convolution: Convolution, configuration: Configuration, plan: CudnnPlan
    ) -> Operands:
        arrays = arrays_of(brick)
        x, w, bias = (*brick.layers[0].inputs, None)[:3]
        assert x is not None
        assert w is not None
        dtype, layout = configuration.dtype, configuration.layout
        return Operands(
            self._cuda.tensor(arrays[x], dtype, layout),
            self._cuda.tensor(arrays[w], dtype, layout),
            None
            if bias is None
            else self._cuda.tensor(arrays[bias].reshape(convolution.bias), dtype, layout),
            self._cuda.empty(convolution.result, dtype, layout),
            self._cuda.empty((plan.workspace_bytes,), "uint8", PLAIN)
            if plan.workspace_bytes
            else None,
        )


def convolution_of(brick: Brick) -> Convolution | str:
    """What the brick computes, as cuDNN has it, or why cuDNN does not."""
    first, *rest = brick.layers
    if first.operator != "Conv" or len(rest) > 1 or not follows(brick):
        return "it is no convolution, alone or with an activation"
    if rest and (rest[0].operator not in _ACTIVATIONS or _bounds(brick, rest[0]) is None):
        return f"cuDNN is not asked for {rest[0].operator} with a convolution"
    places = (*first.inputs[:2], *first.outputs)
    image, weight, result = (brick.tensors[place].shape for place in places if place is not None)
    if len(image) < _IMAGE_AXES:
        return "cuDNN convolves images of two axes or more"
    axes = len(image) - 2
    pads = tuple(map(int, first.attributes["pads"]))
    return Convolution(
        image,
        weight,
        result,
        tuple(map(int, first.attributes["strides"])),
        pads[:axes],
        pads[axes:],
        tuple(map(int, first.attributes["dilations"])),
        len(first.inputs) > 2 and first.inputs[2] is not None,
        rest[0].op_type if rest else "",
        (_bounds(brick, rest[0]) if rest else None) or (0.0, float("inf")),
    )


def _bounds(brick: Brick, layer: BrickLayer) -> tuple[float, float] | None:
    """What a clip leaves, everything above 0 for others; None where it is not known."""
    if layer.op_type != "Clip":
        return 0.0, float("inf")
    held = [brick.tensors[place].value for place in layer.inputs[1:] if place is not None]
    if len(held) != 2 or None in held:
        return None
    low, high = (float(each["value"][0]) for each in held if each is not None)
    return low, high


def _configuration(plan: CudnnPlan, wanted: Configuration) -> Configuration:
    rounds = wanted.dtype == "float32" and bool(plan.notes & _ROUNDING)
    math = TF32 if rounds else TENSOR_CORE if "tensor_core" in plan.notes else ""
    return Configuration(_algorithm(plan), wanted.dtype, wanted.layout, math)


def _algorithm(plan: CudnnPlan) -> str:
    return f"{HEURISTIC} {plan.name}" if plan.is_heuristic else plan.name


def _notes(plan: CudnnPlan) -> dict[str, str]:
    transforms = [each for each in _TRANSFORMS if each in plan.notes]
    return {
        "kernel": plan.name,
        **({"numerics": ", ".join(sorted(plan.notes))} if plan.notes else {}),
        **({"transform": transforms[0]} if transforms else {}),
        **({"choice": HEURISTIC} if plan.is_heuristic else {}),
    }


@functools.cache
def _frontend() -> CudnnFrontend:
    return CudnnFrontend(torch_on_gpu("cudnn"))
