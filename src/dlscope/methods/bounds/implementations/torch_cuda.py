"""PyTorch on a GPU: every operator as PyTorch has it, with cuDNN's choice or the best of all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import final

from dlscope.graph.brick import Brick
from dlscope.graph.brick_model import brick_feeds
from dlscope.methods.bounds.implementation import (
    TF32,
    Configuration,
    Unsupported,
)
from dlscope.methods.bounds.implementations.cuda import Cuda, CudaSettings, torch_on_gpu
from dlscope.methods.bounds.implementations.cudnn import HEURISTIC
from dlscope.methods.bounds.implementations.device_implementation import (
    DeviceImplementation,
)
from dlscope.methods.bounds.implementations.device_runnable import (
    DeviceRunnable,
    device_dtypes,
    device_layouts,
    on_device,
)

EXHAUSTIVE = "exhaustive"
"""cuDNN tries its algorithms at the first call and keeps the fastest."""

_CONVOLUTIONS = frozenset({"Conv", "ConvTranspose"})
_PRODUCTS = _CONVOLUTIONS | {"Gemm", "MatMul"}


@final
class TorchCuda(DeviceImplementation):
    """The brick translated to PyTorch's operators, one after another.

    Convolutions with `cudnn.benchmark` off (`heuristic`) and on (`exhaustive`). `cuda` stands in
    for the GPU there is; raises `PluginError` where there is none.
    """

    name = "torch_cuda"
    family = "aten"
    library_name = "PyTorch"

    def __init__(self, cuda: Cuda | None = None) -> None:
        self._cuda = cuda if cuda is not None else torch_on_gpu(self.name)

    @classmethod
    def version(cls) -> str:
        """Version of PyTorch with its build, which names its CUDA."""
        return torch_on_gpu(cls.name).version()

    def configurations(self, brick: Brick) -> Sequence[Configuration | Unsupported]:
        """Every type, layout and choice of algorithm; float32 products also in TF32."""
        operators = {layer.op_type for layer in brick.layers}
        algorithms = (HEURISTIC, EXHAUSTIVE) if operators & _CONVOLUTIONS else ("",)
        ways = product(device_dtypes(brick), device_layouts(brick), algorithms)
        return [
            on_device(self._cuda, Configuration(algorithm, dtype, layout, math))
            for dtype, layout, algorithm in ways
            for math in (("", TF32) if dtype == "float32" and operators & _PRODUCTS else ("",))
        ]

    def _launched(self, brick: Brick, configuration: Configuration) -> DeviceRunnable:
        dtype, layout = configuration.dtype, configuration.layout
        forward = self._cuda.translated(brick, dtype, layout)
        feeds = brick_feeds(brick).values()
        tensors = [self._cuda.tensor(each, dtype, layout) for each in feeds]
        settings = CudaSettings(
            configuration.math == TF32, exhaustive=configuration.algorithm == EXHAUSTIVE
        )
        return DeviceRunnable(
            self._cuda,
            lambda: forward(*tensors),
            settings=settings,
            notes={"family": _family(brick)},
        )


def _family(brick: Brick) -> str:
    """Whose code PyTorch runs for a brick: that of its heaviest kind of operator."""
    operators = {layer.op_type for layer in brick.layers}
    if operators & _CONVOLUTIONS:
        return "cudnn"
    return "cublas" if operators & _PRODUCTS else "aten"
