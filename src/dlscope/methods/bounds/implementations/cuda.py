"""`Cuda`: all that is asked of PyTorch on a GPU; `TorchOnGpu` asks the one that is installed.

Nothing but these calls reaches the library, so that a stand-in can take its place.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import PluginError
from dlscope.core.registry import missing_distribution
from dlscope.graph.brick import Brick
from dlscope.graph.brick_model import brick_model
from dlscope.methods.bounds.implementation import CHANNELS_LAST

Tensor = Any
Mark = Any
"""A place in the queue of the GPU, known in time once the GPU has come to it."""

_IMAGE_AXES = 4
# No GPU of today is clocked higher: a hold may be longer than asked for, never shorter.
_CYCLES_PER_NS = 3


@final
@dataclass(frozen=True)
class CudaSettings:
    """What PyTorch has one of for all its calls.

    `tensor_float_32` rounds float32 numbers to 10 bits of mantissa before they are multiplied,
    `exhaustive` makes cuDNN try its algorithms at the first call, `library` is the one that
    multiplies matrices.
    """

    tensor_float_32: bool = False
    exhaustive: bool = False
    library: str = "cublas"


class Cuda(Protocol):
    """One GPU, its memory and its queue. Types are named as ONNX does."""

    def version(self) -> str:
        """Version of PyTorch with its build."""
        ...

    def capability(self) -> tuple[int, int]:
        """Compute capability of the device."""
        ...

    def l2_bytes(self) -> int:
        """Size of its last cache."""
        ...

    def tensor(self, array: NDArray[Any], dtype: str, layout: str) -> Tensor:
        """A copy on the device; float32 numbers become `dtype`, all others stay what they are."""
        ...

    def empty(self, shape: Sequence[int], dtype: str, layout: str) -> Tensor:
        """Memory on the device for a result."""
        ...

    def array(self, tensor: Tensor) -> NDArray[Any]:
        """What the tensor holds once all work is done; what NumPy lacks as float32."""
        ...

    def stream(self) -> int:
        """The queue that launches go to, as CUDA names it."""
        ...

    def apply(self, settings: CudaSettings) -> None:
        """Let these hold from now on."""
        ...

    def copied(self, tensor: Tensor) -> Tensor:
        """The same in other memory."""
        ...

    def multiplied(
        self, a: Tensor, b: Tensor, bias: Tensor | None, alpha: float, beta: float
    ) -> Tensor:
        """The product a b times alpha, and beta · bias added where there is one."""
        ...

    def vector_multiplied(self, matrix: Tensor, vector: Tensor) -> Tensor:
        """A matrix times a vector, of one axis."""
        ...

    def translated(self, brick: Brick, dtype: str, layout: str) -> Callable[..., Sequence[Tensor]]:
        """The brick as PyTorch's own operators, its weights on the device."""
        ...

    def fill(self, tensor: Tensor) -> None:
        """Launch writing all of it."""
        ...

    def hold(self, duration_ns: int) -> None:
        """Launch something that keeps the device busy for at least that long, touching nothing."""
        ...

    def mark(self) -> Mark:
        """A mark behind all that was launched so far."""
        ...

    def between_ns(self, first: Mark, second: Mark) -> int:
        """Time that the device took from one mark to the other, once it came to both."""
        ...

    def synchronize(self) -> None:
        """Wait until all that was launched is done."""
        ...


@final
class TorchOnGpu:
    """The first GPU that PyTorch sees. Raises `PluginError`, for `name`, where there is none."""

    def __init__(self, name: str) -> None:
        try:
            self._torch: Any = importlib.import_module("torch")
        except ModuleNotFoundError as error:
            raise missing_distribution("implementations", name, "torch", where=__name__) from error
        if not self._torch.cuda.is_available():
            raise PluginError(
                f"implementation {name!r} needs a GPU, and PyTorch {self.version()} finds none",
                where=__name__,
                fix="measure where there is one, with a build of PyTorch for CUDA",
            )
        self._device = self._torch.device("cuda", self._torch.cuda.current_device())
        self._applied: CudaSettings | None = None

    def version(self) -> str:
        """Version of PyTorch with its build."""
        return str(self._torch.__version__)

    def capability(self) -> tuple[int, int]:
        """Compute capability of the device."""
        major, minor = self._torch.cuda.get_device_capability(self._device)
        return int(major), int(minor)

    def l2_bytes(self) -> int:
        """Size of its last cache."""
        return int(self._torch.cuda.get_device_properties(self._device).L2_cache_size)

    def tensor(self, array: NDArray[Any], dtype: str, layout: str) -> Tensor:
        """A copy on the device."""
        tensor = self._torch.from_numpy(np.array(array, order="C"))
        if tensor.dtype == self._torch.float32:
            tensor = tensor.to(getattr(self._torch, dtype))
        return self._laid_out(tensor.to(self._device), layout)

    def empty(self, shape: Sequence[int], dtype: str, layout: str) -> Tensor:
        """Memory of no known content."""
        kind = getattr(self._torch, dtype)
        memory_format = self._memory_format(len(shape), layout)
        return self._torch.empty(
            tuple(shape), dtype=kind, device=self._device, memory_format=memory_format
        )

    def array(self, tensor: Tensor) -> NDArray[Any]:
        """A copy on this side."""
        is_wide = tensor.dtype == self._torch.bfloat16
        return np.asarray((tensor.float() if is_wide else tensor).cpu().numpy())

    def stream(self) -> int:
        """The current one."""
        return int(self._torch.cuda.current_stream(self._device).cuda_stream)

    def apply(self, settings: CudaSettings) -> None:
        """Set what is not set so already: it happens before each launch."""
        if settings == self._applied:
            return
        backends = self._torch.backends
        backends.cuda.matmul.allow_tf32 = settings.tensor_float_32
        backends.cudnn.allow_tf32 = settings.tensor_float_32
        backends.cudnn.benchmark = settings.exhaustive
        backends.cuda.preferred_blas_library(settings.library)
        self._applied = settings

    def copied(self, tensor: Tensor) -> Tensor:
        """A clone."""
        return tensor.clone()

    def multiplied(
        self, a: Tensor, b: Tensor, bias: Tensor | None, alpha: float, beta: float
    ) -> Tensor:
        """`addmm` where there is a bias or a factor, which it computes in the same call."""
        if bias is not None:
            return self._torch.addmm(bias, a, b, alpha=alpha, beta=beta)
        product = self._torch.matmul(a, b)
        return product if alpha == 1 else product * alpha

    def vector_multiplied(self, matrix: Tensor, vector: Tensor) -> Tensor:
        """`mv`."""
        return self._torch.mv(matrix, vector)

    def translated(self, brick: Brick, dtype: str, layout: str) -> Callable[..., Sequence[Tensor]]:
        """The translation that the backend runs, too."""
        translate = importlib.import_module("dlscope.backends.onnx_to_torch.translate").translate
        module = translate(brick_model(brick), Path(f"brick {brick.id}"))
        module = module.to(self._device)
        if dtype != "float32":
            module = module.to(getattr(self._torch, dtype))
        if layout == CHANNELS_LAST:
            module = module.to(memory_format=self._torch.channels_last)

        def forward(*tensors: Tensor) -> Sequence[Tensor]:
            with self._torch.inference_mode():
                # Called by itself, a module from a graph prints what fails to standard error.
                found: Sequence[Tensor] = module.forward(*tensors)
                return [self._laid_out(each, layout) for each in found]

        return forward

    def fill(self, tensor: Tensor) -> None:
        """With zeros."""
        tensor.zero_()

    def hold(self, duration_ns: int) -> None:
        """A kernel that counts cycles."""
        self._torch.cuda._sleep(duration_ns * _CYCLES_PER_NS)

    def mark(self) -> Mark:
        """An event."""
        event = self._torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def between_ns(self, first: Mark, second: Mark) -> int:
        """CUDA tells milliseconds, to about half a microsecond."""
        elapsed_ms: float = first.elapsed_time(second)
        return round(elapsed_ms * 1e6)

    def synchronize(self) -> None:
        """All queues of the device."""
        self._torch.cuda.synchronize(self._device)

    def _laid_out(self, tensor: Tensor, layout: str) -> Tensor:
        return tensor.contiguous(memory_format=self._memory_format(tensor.ndim, layout))

    def _memory_format(self, axes: int, layout: str) -> Any:
        is_turned = layout == CHANNELS_LAST and axes == _IMAGE_AXES
        return self._torch.channels_last if is_turned else self._torch.contiguous_format


@functools.cache
def torch_on_gpu(name: str) -> Cuda:
    """The GPU of this process, for the implementation called `name`."""
    return TorchOnGpu(name)
