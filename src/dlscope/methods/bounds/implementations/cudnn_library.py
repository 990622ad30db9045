"""`CudnnLibrary`: all that is asked of cuDNN; `CudnnFrontend` asks the one that is installed.

The library is `cudnn` (distribution nvidia-cudnn-frontend). It describes a computation as a graph
and answers with plans: an engine and the numbers that tune it.
"""

from __future__ import annotations

import functools
import importlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, final

from dlscope.core.errors import PluginError
from dlscope.methods.bounds.implementation import CHANNELS_LAST
from dlscope.methods.bounds.implementations.cuda import Cuda, Tensor

NUMERICAL_NOTES = (
    "tensor_core",
    "down_convert_inputs",
    "reduced_precision_reduction",
    "fft",
    "winograd",
)
"""What a plan can do to numbers, as cuDNN names it."""
_KEPT = 8
"""Types and layouts of one convolution are 6."""
_DTYPES = {"float32": "FLOAT", "float16": "HALF", "bfloat16": "BFLOAT16", "float64": "DOUBLE"}


@final
@dataclass(frozen=True)
class Convolution:
    """y = activation(x ∗ w + bias). Shapes are [N, C, …], [K, C/groups, …] and [N, K, …].

    An activation is "", Relu, Sigmoid, Tanh, or Clip with its two `bounds`.
    """

    image: tuple[int, ...]
    weight: tuple[int, ...]
    result: tuple[int, ...]
    strides: tuple[int, ...]
    pads_before: tuple[int, ...]
    pads_after: tuple[int, ...]
    dilations: tuple[int, ...]
    has_bias: bool = False
    activation: str = ""
    bounds: tuple[float, float] = (0.0, math.inf)

    @property
    def bias(self) -> tuple[int, ...]:
        """The shape of the bias: [1, K, 1, …]."""
        return tuple(self.weight[0] if axis == 1 else 1 for axis in range(len(self.image)))


@final
@dataclass(frozen=True)
class Operands:
    """The tensors of a convolution on the device."""

    image: Tensor
    weight: Tensor
    bias: Tensor | None
    result: Tensor
    workspace: Tensor | None


@final
@dataclass(frozen=True)
class CudnnPlan:
    """One engine with its numbers; `execute` launches it.

    `is_heuristic` marks what cuDNN would choose by itself: plan 0 of its heuristic mode A. A plan
    with a `refusal` cannot be built.
    """

    name: str
    execute: Callable[[Operands], None]
    workspace_bytes: int = 0
    notes: frozenset[str] = field(default_factory=frozenset)
    is_heuristic: bool = False
    refusal: str = ""


class CudnnLibrary(Protocol):
    """cuDNN on the device that PyTorch uses."""

    def version(self) -> str:
        """Versions of cuDNN and of its front end."""
        ...

    def plans(self, convolution: Convolution, dtype: str, layout: str) -> Sequence[CudnnPlan]:
        """Every plan once, in the order of the heuristics; raises whatever cuDNN raises."""
        ...


@final
class CudnnFrontend:
    """Plans are kept for a while, so that what was listed need not be built again to be run."""

    def __init__(self, cuda: Cuda) -> None:
        self._cudnn: Any = _cudnn()
        self._cuda = cuda
        self._handle = self._cudnn.create_handle()
        self.plans = functools.lru_cache(maxsize=_KEPT)(self._plans)

    def version(self) -> str:
        """Versions of cuDNN and of its front end."""
        return f"{self._cudnn.backend_version()} ({self._cudnn.__version__})"

    def _plans(self, convolution: Convolution, dtype: str, layout: str) -> Sequence[CudnnPlan]:
        self._cudnn.set_stream(handle=self._handle, stream=self._cuda.stream())
        described = (convolution, dtype, layout)
        graph = self._graph(*described, self._modes("A", "B", "FALLBACK"))
        noted = {note: self._having(note, described) for note in NUMERICAL_NOTES}
        chosen = self._chosen(described)
        found: dict[str, CudnnPlan] = {}
        for index in range(graph.count()):
            name = graph.name(index)
            notes = frozenset(note for note, names in noted.items() if name in names)
            found.setdefault(name, self._plan(graph, index, notes, is_heuristic=name == chosen))
        return tuple(found.values())

    def _plan(
        self, graph: _PlannedGraph, index: int, notes: frozenset[str], *, is_heuristic: bool
    ) -> CudnnPlan:
        refusal = graph.refusal(index)
        return CudnnPlan(
            graph.name(index),
            lambda operands: graph.execute(index, operands),
            0 if refusal else graph.workspace_bytes(index),
            notes,
            is_heuristic,
            refusal,
        )

    def _having(self, note: str, described: tuple[Convolution, str, str]) -> frozenset[str]:
        """The names of the plans that have a note.

        The front end does not tell the notes of a plan. It refuses to build the plans without a
        note when only those with it are selected.
        """
        graph = self._graph(*described, self._modes("A", "B", "FALLBACK"))
        graph.select(getattr(self._cudnn.numerical_note, note.upper()))
        return frozenset(
            graph.name(index) for index in range(graph.count()) if not graph.refusal(index)
        )

    def _chosen(self, described: tuple[Convolution, str, str]) -> str:
        try:
            graph = self._graph(*described, self._modes("A"))
        except self._cudnn.cudnnGraphNotSupportedError:
            return ""  # only other modes know plans
        return graph.name(0)

    def _modes(self, *names: str) -> list[Any]:
        return [getattr(self._cudnn.heur_mode, name) for name in names]

    def _graph(
        self, convolution: Convolution, dtype: str, layout: str, modes: list[Any]
    ) -> _PlannedGraph:
        made = _described(self._cudnn, self._handle, convolution, dtype, layout)
        made.graph.create_execution_plans(modes)
        return made


@final
@dataclass(frozen=True)
class _PlannedGraph:
    """A graph of the library and its tensors, asked by index of plan."""

    graph: Any
    tensors: Mapping[str, Any]
    handle: Any

    def count(self) -> int:
        return int(self.graph.get_execution_plan_count())

    def name(self, index: int) -> str:
        return str(self.graph.get_plan_name_at_index(index))

    def select(self, note: Any) -> None:
        self.graph.select_numeric_notes([note])

    def refusal(self, index: int) -> str:
        """Why the plan cannot be built, "" where it can and now is."""
        try:
            self.graph.build_plan_at_index(index)
        # It raises errors of its own and those of the runtime.
        except Exception as error:
            return str(error).strip().partition("\n")[0] or type(error).__name__
        return ""

    def workspace_bytes(self, index: int) -> int:
        return int(self.graph.get_workspace_size_plan_at_index(index))

    def execute(self, index: int, operands: Operands) -> None:
        given = {
            tensor: getattr(operands, name)
            for name, tensor in self.tensors.items()
            if getattr(operands, name) is not None
        }
        self.graph.execute_plan_at_index(given, operands.workspace, index, self.handle)


def strides_of(shape: Sequence[int], layout: str) -> list[int]:
    """Elements from one place to the next along each axis of a packed tensor.

    >>> strides_of((2, 3, 4, 5), "plain"), strides_of((2, 3, 4, 5), "channels_last")
    ([60, 20, 5, 1], [60, 1, 15, 3])
    """
    axes = list(range(len(shape)))
    if layout == CHANNELS_LAST:
        axes = [0, *axes[2:], 1]
    strides, step = [0] * len(shape), 1
    for axis in reversed(axes):
        strides[axis] = step
        step *= shape[axis]
    return strides


def _described(
    cudnn: Any, handle: Any, convolution: Convolution, dtype: str, layout: str
) -> _PlannedGraph:
    kind = getattr(cudnn.data_type, _DTYPES[dtype])
    wide = cudnn.data_type.DOUBLE if dtype == "float64" else cudnn.data_type.FLOAT
    graph = cudnn.pygraph(
        handle=handle, io_data_type=kind, intermediate_data_type=wide, compute_data_type=wide
    )
    tensors = {
        name: graph.tensor(
            name=name, dim=list(shape), stride=strides_of(shape, layout), data_type=kind
        )
        for name, shape in _inputs(convolution)
    }
    result = _activated(graph, _computed(graph, convolution, tensors), convolution)
    result.set_output(True).set_data_type(kind)
    result.set_dim(list(convolution.result)).set_stride(strides_of(convolution.result, layout))
    graph.validate()
    graph.build_operation_graph()
    return _PlannedGraph(graph, {**tensors, "result": result}, handle)


def _inputs(convolution: Convolution) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "image", convolution.image
    yield "weight", convolution.weight
    if convolution.has_bias:
        yield "bias", convolution.bias


def _computed(graph: Any, convolution: Convolution, tensors: Mapping[str, Any]) -> Any:
    product = graph.conv_fprop(
        image=tensors["image"],
        weight=tensors["weight"],
        pre_padding=list(convolution.pads_before),
        post_padding=list(convolution.pads_after),
        stride=list(convolution.strides),
        dilation=list(convolution.dilations),
    )
    if "bias" not in tensors:
        return product
    return graph.bias(input=product, bias=tensors["bias"])


def _activated(graph: Any, tensor: Any, convolution: Convolution) -> Any:
    if convolution.activation == "Clip":
        low, high = convolution.bounds
        return graph.relu(input=tensor, lower_clip=low, upper_clip=high)
    calls = {"Relu": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh"}
    if not convolution.activation:
        return tensor
    return getattr(graph, calls[convolution.activation])(input=tensor)


def _cudnn() -> Any:
    try:
        return importlib.import_module("cudnn")
    except ModuleNotFoundError as error:
        missing = error.name or "cudnn"
        raise PluginError(
            f"implementation 'cudnn' needs {missing!r}, which is not installed",
            where=__name__,
            fix="pip install nvidia-cudnn-frontend",
        ) from error
    except (ImportError, OSError, RuntimeError) as error:
        raise PluginError(
            f"implementation 'cudnn' cannot load its library: {error}",
            where=__name__,
            fix="install cuDNN beside nvidia-cudnn-frontend",
        ) from error
