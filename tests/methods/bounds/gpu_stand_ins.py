"""What stands in for a GPU and its libraries: the same questions, answered with NumPy.

The device has a queue and a clock of its own, which move only as the calls say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from types import SimpleNamespace
from typing import Any, final

import numpy as np
import torch
from onnx.reference import ReferenceEvaluator

from dlscope.graph.brick import Brick
from dlscope.graph.brick_model import brick_feeds, brick_model
from dlscope.methods.bounds.implementation import (
    Configuration,
    Implementation,
    Runnable,
    Unsupported,
)
from dlscope.methods.bounds.implementations import triton_kernels
from dlscope.methods.bounds.implementations.cuda import CudaSettings
from dlscope.methods.bounds.implementations.cudnn_library import (
    Convolution,
    CudnnPlan,
    Operands,
)
from dlscope.methods.bounds.implementations.torch_cuda import TorchCuda

LAUNCH_NS = 5_000
KERNEL_NS = 2_000
_BITS = {"float16": 10, "bfloat16": 7, "tf32": 10}


def rounded(array: Any, kind: str) -> Any:
    """The numbers with as many bits of mantissa as `kind` has."""
    fraction, exponent = np.frexp(np.asarray(array, np.float32))
    scale = 2.0 ** (_BITS[kind] + 1)
    return np.asarray(np.ldexp(np.round(fraction * scale) / scale, exponent), np.float32)


@final
class CudaStandIn:
    """A device whose kernels all take `KERNEL_NS`, and whose launches take `LAUNCH_NS`."""

    def __init__(self, capability: tuple[int, int] = (9, 0), l2_bytes: int = 1000) -> None:
        self._capability, self._l2_bytes = capability, l2_bytes
        self.now_ns = 0
        self.free_ns = 0
        self.events: list[str] = []
        self.applied: list[CudaSettings] = []

    def clock(self) -> int:
        """Time on this side."""
        return self.now_ns

    def enqueue(self, what: str, kernel_ns: int = KERNEL_NS, launch_ns: int = LAUNCH_NS) -> None:
        """Launch something: this side goes on, the device works on it when it is free."""
        self.events.append(what)
        self.now_ns += launch_ns
        self.free_ns = max(self.free_ns, self.now_ns) + kernel_ns

    def version(self) -> str:
        return "stand-in"

    def capability(self) -> tuple[int, int]:
        return self._capability

    def l2_bytes(self) -> int:
        return self._l2_bytes

    def tensor(self, array: Any, dtype: str, layout: str) -> Any:
        del layout
        held = np.array(array)
        if held.dtype != np.float32 or dtype == "float32":
            return held
        return held.astype(np.float16) if dtype == "float16" else rounded(held, dtype)

    def empty(self, shape: Sequence[int], dtype: str, layout: str) -> Any:
        del layout
        return np.full(tuple(shape), 77, "float32" if dtype == "bfloat16" else dtype)

    def array(self, tensor: Any) -> Any:
        return np.asarray(tensor)

    def stream(self) -> int:
        return 7

    def apply(self, settings: CudaSettings) -> None:
        self.applied.append(settings)

    def copied(self, tensor: Any) -> Any:
        self.enqueue("copy")
        return tensor.copy()

    def multiplied(self, a: Any, b: Any, bias: Any, alpha: float, beta: float) -> Any:
        self.enqueue("multiply")
        if self.applied[-1].tensor_float_32:
            a, b = rounded(a, "tf32"), rounded(b, "tf32")
        return alpha * (a @ b) + (0 if bias is None else beta * bias)

    def vector_multiplied(self, matrix: Any, vector: Any) -> Any:
        assert (matrix.ndim, vector.ndim) == (2, 1)
        self.enqueue("multiply by vector")
        return matrix @ vector

    def translated(self, brick: Brick, dtype: str, layout: str) -> Callable[..., Sequence[Any]]:
        del layout
        evaluator = ReferenceEvaluator(brick_model(brick))

        def forward(*tensors: Any) -> Sequence[Any]:
            self.enqueue("forward")
            given = {
                name: tensor.astype(fed.dtype)
                for (name, fed), tensor in zip(brick_feeds(brick).items(), tensors, strict=True)
            }
            return [self.tensor(each, dtype, "") for each in evaluator.run(None, given)]

        return forward

    def fill(self, tensor: Any) -> None:
        self.enqueue(f"fill {tensor.nbytes}", kernel_ns=100)

    def hold(self, duration_ns: int) -> None:
        self.enqueue("hold", kernel_ns=duration_ns)

    def mark(self) -> int:
        self.events.append("mark")
        return max(self.free_ns, self.now_ns)

    def between_ns(self, first: int, second: int) -> int:
        return second - first

    def synchronize(self) -> None:
        self.now_ns = max(self.now_ns, self.free_ns)


@dataclass
class CudnnStandIn:
    """Knows the same `plans` for every convolution; with `says`, none, and says so.

    Convolves with PyTorch on the CPU. A plan called `wrong` gives twice what it should.
    """

    plans_known: Sequence[CudnnPlan]
    says: str = ""

    def __post_init__(self) -> None:
        self.asked: list[tuple[Convolution, str, str]] = []

    def version(self) -> str:
        return "stand-in"

    def plans(self, convolution: Convolution, dtype: str, layout: str) -> Sequence[CudnnPlan]:
        self.asked.append((convolution, dtype, layout))
        if self.says:
            raise RuntimeError(self.says)
        return [
            replace(each, execute=self._execute(each, convolution)) for each in self.plans_known
        ]

    def _execute(self, plan: CudnnPlan, convolution: Convolution) -> Callable[[Operands], None]:
        def execute(operands: Operands) -> None:
            wanted = plan.workspace_bytes
            assert (0 if operands.workspace is None else operands.workspace.nbytes) == wanted
            found = convolved(operands, convolution) * (2 if plan.name == "wrong" else 1)
            operands.result[...] = found

        return execute


def convolved(operands: Operands, convolution: Convolution) -> Any:
    """What the operands convolve to, without any library for GPUs."""
    x, w = (torch.from_numpy(np.float32(each)) for each in (operands.image, operands.weight))
    sides = list(zip(convolution.pads_before, convolution.pads_after, strict=True))
    x = torch.nn.functional.pad(x, [size for side in reversed(sides) for size in side])
    y = torch.nn.functional.conv2d(
        x, w, None, convolution.strides, 0, convolution.dilations, x.shape[1] // w.shape[1]
    )
    if operands.bias is not None:
        y = y + torch.from_numpy(np.float32(operands.bias))
    activations = {
        "": lambda y: y,
        "Relu": torch.relu,
        "Sigmoid": torch.sigmoid,
        "Tanh": torch.tanh,
        "Clip": lambda y: y.clamp(*convolution.bounds),
    }
    return activations[convolution.activation](y).numpy()


def plan(name: str, **told: Any) -> CudnnPlan:
    """A plan that a stand-in fills in."""

    def unknown(operands: Operands) -> None:
        raise AssertionError("a stand-in replaces this")

    return CudnnPlan(name, unknown, **told)


class Block(np.ndarray):
    """Numbers that one program of a kernel works on."""

    def to(self, dtype: Any) -> Block:
        return self.astype(dtype)


@dataclass
class Pointer:
    """An array on the device, and the places in it that are meant, counted from its start."""

    array: Any
    at: Any = 0

    def __add__(self, offset: Any) -> Pointer:
        return Pointer(self.array, self.at + offset)


@final
class Language:
    """What the kernels use of Triton's language, for one program."""

    constexpr = Any
    float32 = np.float32
    static_range = range
    maximum, minimum = staticmethod(np.maximum), staticmethod(np.minimum)
    exp, abs, sqrt = staticmethod(np.exp), staticmethod(np.abs), staticmethod(np.sqrt)

    def __init__(self, place: Sequence[int]) -> None:
        self._place = place

    def program_id(self, axis: int) -> int:
        return self._place[axis]

    def arange(self, start: int, end: int) -> Any:
        assert (end - start).bit_count() == 1, "Triton knows blocks of powers of two alone"
        return np.arange(start, end).view(Block)

    def zeros(self, shape: Sequence[int], dtype: Any) -> Any:
        return np.zeros(shape, dtype).view(Block)

    def cdiv(self, a: int, b: int) -> int:
        return -(-a // b)

    def load(self, pointer: Pointer, mask: Any, other: float) -> Any:
        mask = np.broadcast_to(mask, pointer.at.shape)
        flat = pointer.array.reshape(-1)
        return np.where(mask, flat[np.where(mask, pointer.at, 0)], flat.dtype.type(other)).view(
            Block
        )

    def store(self, pointer: Pointer, value: Any, mask: Any) -> None:
        mask, value = (np.broadcast_to(each, pointer.at.shape) for each in (mask, value))
        pointer.array.reshape(-1)[pointer.at[mask]] = value[mask]

    def dot(self, left: Any, right: Any, total: Any, input_precision: str) -> Any:
        if input_precision == "tf32":
            left, right = rounded(left, "tf32"), rounded(right, "tf32")
        return total + left.astype(np.float32) @ right.astype(np.float32)


@final
class TritonStandIn:
    """Runs the kernels themselves, program by program."""

    def __init__(self, cuda: CudaStandIn) -> None:
        self._cuda = cuda
        self.launched: list[tuple[str, tuple[int, ...], Mapping[str, Any], int]] = []

    def version(self) -> str:
        return "stand-in"

    def launch(
        self,
        kernel: Callable[..., None],
        grid: tuple[int, ...],
        arguments: Sequence[Any],
        constants: Mapping[str, Any],
        *,
        warps: int,
    ) -> None:
        self._cuda.enqueue(kernel.__name__)
        self.launched.append((kernel.__name__, grid, constants, warps))
        given = [Pointer(each) if isinstance(each, np.ndarray) else each for each in arguments]
        for place in product(*map(range, grid)):
            with spoken(Language(place)):
                kernel(*given, **constants)


@contextmanager
def spoken(language: Any) -> Iterator[None]:
    """Let the kernels speak another language."""
    before = {name: getattr(triton_kernels, name) for name in ("tl", "constexpr")}
    triton_kernels.speak(language)
    try:
        yield
    finally:
        vars(triton_kernels).update(before)


@final
class CudnnModule:
    """The package `cudnn`, with one engine for each of `engines`: name → what a plan can be told.

    What is told: `mode`, `notes`, `workspace`, `refusal`.
    """

    __version__ = "1.2"

    class cudnnGraphNotSupportedError(Exception):  # noqa: N801 - as in the package
        pass

    def __init__(self, engines: Mapping[str, Mapping[str, Any]]) -> None:
        self.engines = engines
        self.heur_mode = SimpleNamespace(A="A", B="B", FALLBACK="FALLBACK")
        self.data_type = SimpleNamespace(FLOAT="float", HALF="half", BFLOAT16="b", DOUBLE="double")
        names = ("TENSOR_CORE", "DOWN_CONVERT_INPUTS", "REDUCED_PRECISION_REDUCTION", "FFT")
        self.numerical_note = SimpleNamespace(**{each: each for each in (*names, "WINOGRAD")})
        self.graphs: list[CudnnGraph] = []
        self.streams: list[int] = []

    def backend_version(self) -> int:
        return 91000

    def create_handle(self) -> str:
        return "handle"

    def set_stream(self, *, handle: Any, stream: int) -> None:
        assert handle == "handle"
        self.streams.append(stream)

    def pygraph(self, **settings: Any) -> CudnnGraph:
        self.graphs.append(CudnnGraph(self, settings))
        return self.graphs[-1]


class CudnnTensor:
    """A tensor of a graph, or the result of a step."""

    def __init__(self, **told: Any) -> None:
        self.told = told

    def _set(self, **told: Any) -> CudnnTensor:
        self.told.update(told)
        return self

    def set_output(self, is_output: bool) -> CudnnTensor:
        return self._set(is_output=is_output)

    def set_data_type(self, data_type: Any) -> CudnnTensor:
        return self._set(data_type=data_type)

    def set_dim(self, dim: Any) -> CudnnTensor:
        return self._set(dim=dim)

    def set_stride(self, stride: Any) -> CudnnTensor:
        return self._set(stride=stride)


class CudnnGraph:
    """Writes down what it is told; plans are the engines of the modes that are asked for."""

    def __init__(self, library: CudnnModule, settings: Mapping[str, Any]) -> None:
        self._library, self.settings = library, settings
        self.steps: list[tuple[str, Mapping[str, Any]]] = []
        self.names: list[str] = []
        self.selected: list[str] = []
        self.built: set[int] = set()
        self.executed: list[tuple[Mapping[str, Any], Any, int, Any]] = []
        self.is_whole = False

    def tensor(self, **told: Any) -> CudnnTensor:
        return CudnnTensor(**told)

    def _step(self, name: str, told: Mapping[str, Any]) -> CudnnTensor:
        self.steps.append((name, told))
        return CudnnTensor(name=name)

    def conv_fprop(self, **told: Any) -> CudnnTensor:
        return self._step("conv_fprop", told)

    def bias(self, **told: Any) -> CudnnTensor:
        return self._step("bias", told)

    def relu(self, **told: Any) -> CudnnTensor:
        return self._step("relu", told)

    def sigmoid(self, **told: Any) -> CudnnTensor:
        return self._step("sigmoid", told)

    def validate(self) -> None:
        self.is_whole = True

    def build_operation_graph(self) -> None:
        assert self.is_whole

    def create_execution_plans(self, modes: Sequence[str]) -> None:
        engines = self._library.engines
        self.names = [
            name for mode in modes for name, told in engines.items() if told["mode"] == mode
        ]
        if not self.names:
            raise self._library.cudnnGraphNotSupportedError("no engine")

    def select_numeric_notes(self, notes: Sequence[str]) -> None:
        self.selected += notes

    def get_execution_plan_count(self) -> int:
        return len(self.names)

    def get_plan_name_at_index(self, index: int) -> str:
        return self.names[index]

    def build_plan_at_index(self, index: int) -> None:
        told = self._library.engines[self.names[index]]
        if not set(self.selected) <= {each.upper() for each in told.get("notes", ())}:
            raise self._library.cudnnGraphNotSupportedError("Deselecting execution plan")
        if told.get("refusal"):
            raise RuntimeError(told["refusal"])
        self.built.add(index)

    def get_workspace_size_plan_at_index(self, index: int) -> int:
        assert index in self.built
        return self._library.engines[self.names[index]].get("workspace", 0)

    def execute_plan_at_index(
        self, tensors: Mapping[Any, Any], workspace: Any, index: int, handle: Any
    ) -> None:
        assert index in self.built
        given = {tensor.told["name"]: each for tensor, each in tensors.items()}
        self.executed.append((given, workspace, index, handle))


@final
class TorchModule:
    """PyTorch for the CPU, which takes itself for one with a GPU."""

    def __init__(self, *, has_gpu: bool = True) -> None:
        self.has_gpu = has_gpu
        self.libraries: list[str] = []
        self.slept: list[int] = []
        self.waited = 0
        matmul = SimpleNamespace(allow_tf32=None)
        self.backends = SimpleNamespace(
            cuda=SimpleNamespace(matmul=matmul, preferred_blas_library=self.libraries.append),
            cudnn=SimpleNamespace(allow_tf32=None, benchmark=None),
        )
        self.cuda = SimpleNamespace(
            is_available=lambda: self.has_gpu,
            current_device=lambda: 0,
            get_device_capability=lambda _device: (8, 6),
            get_device_properties=lambda _device: SimpleNamespace(L2_cache_size=6_000_000),
            current_stream=lambda _device: SimpleNamespace(cuda_stream=5),
            synchronize=self._wait,
            Event=_Event,
            _sleep=self.slept.append,
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)

    def device(self, kind: str, index: int) -> Any:
        assert (kind, index) == ("cuda", 0)
        return torch.device("cpu")

    def _wait(self, device: Any) -> None:
        assert device == torch.device("cpu")
        self.waited += 1


class _Event:
    count = 0

    def __init__(self, *, enable_timing: bool) -> None:
        assert enable_timing
        self.at_ms: float | None = None

    def record(self) -> None:
        _Event.count += 1
        self.at_ms = _Event.count * 1.5

    def elapsed_time(self, other: _Event) -> float:
        assert self.at_ms is not None
        assert other.at_ms is not None
        return other.at_ms - self.at_ms


@final
class OnStandIn(Implementation):
    """PyTorch's operators on the stand-in for a GPU; found by its place."""

    name = "on_stand_in"
    family = "stand-in"
    device = "gpu"

    def __init__(self) -> None:
        self._way = TorchCuda(CudaStandIn())

    @classmethod
    def version(cls) -> str:
        return "1"

    def configurations(self, brick: Brick) -> Sequence[Configuration | Unsupported]:
        return self._way.configurations(brick)

    def _build(self, brick: Brick, configuration: Configuration, threads: int) -> Runnable:
        return self._way.build(brick, configuration, threads=threads)
