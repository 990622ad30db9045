"""`Implementation`: one way of computing a layer; `Runnable`: a layer that is ready to be timed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, final

from numpy.typing import NDArray

from dlscope.graph.brick import Brick, BrickLayer, BrickTensor
from dlscope.graph.segment import VIEWS

PLAIN = "plain"
"""As ONNX lists the axes."""
CHANNELS_LAST = "channels_last"
"""The channels of a pixel side by side, tensors of four axes; others are plain."""
BLOCKED = "blocked"
"""ONNX Runtime's blocks of 8 or 16 channels, filled up with zeros: [N, C/b, H, W, b]."""
ONEDNN = "onednn"
"""Whatever oneDNN gave the tensor that its own convolution made; it does not tell."""
TF32 = "tf32"
"""The `math` of float32 products whose operands are rounded to 10 bits of mantissa, as float16."""
_TO = ">"

TOLERANCES: Mapping[str, float] = {
    "float64": 1e-4,
    "float32": 1e-4,
    "float16": 2e-2,
    "bfloat16": 2e-2,
    "int8": 0.1,
}
"""Largest difference from the reference, relative to its maximum, by the type computed in."""
TOLERANCE_OF_TRANSFORMED = 1e-3
"""For Winograd's and Fourier's algorithms in float32."""

_FLOATS = ("float32", "float16", "bfloat16", "float64")


@final
@dataclass(frozen=True)
class Configuration:
    """One algorithm of an implementation, and in which type and layout it computes.

    `layout` is that of the activations on both sides, or `in>out` where they differ.
    """

    algorithm: str = ""
    dtype: str = "float32"
    layout: str = PLAIN
    math: str = ""

    @property
    def layout_in(self) -> str:
        """How the activations lie that it takes."""
        return self.layout.partition(_TO)[0]

    @property
    def layout_out(self) -> str:
        """How the activations lie that it gives."""
        return self.layout.rpartition(_TO)[2]


def layout_of(layout_in: str, layout_out: str) -> str:
    """The layout of a `Configuration` that takes the one and gives the other.

    >>> layout_of("plain", "plain"), layout_of("plain", "blocked")
    ('plain', 'plain>blocked')
    """
    return layout_in if layout_in == layout_out else f"{layout_in}{_TO}{layout_out}"


@final
@dataclass(frozen=True)
class Unsupported:
    """That an implementation cannot compute a layer in one way, and why."""

    reason: str
    configuration: Configuration = field(default_factory=Configuration)


class Runnable(ABC):
    """A layer with inputs and weights in place.

    `workspace_bytes` is memory needed beside them, None where the library does not tell. `notes`
    are words for the reader: `kernel` is what the library calls its code, `kernels` how many it
    runs one by one, `family` whose code it is where that is not the implementation's, `transform`
    an algorithm such as `winograd`.
    """

    workspace_bytes: int | None = None
    notes: Mapping[str, str] = {}

    @abstractmethod
    def run(self) -> None:
        """Compute once; done when it returns. Nothing but the computation is in here."""

    @abstractmethod
    def outputs(self) -> Sequence[NDArray[Any]]:
        """What the last run computed, as ONNX lays it out, in the order of the brick's outputs."""

    def close(self) -> None:  # noqa: B027 (a hook that most need not fill in)
        """Give its resources back."""


class Implementation(ABC):
    """A library's, or a framework's, way of computing layers on a `device`.

    `family` names whose code runs underneath: two implementations of one family are not
    independent of each other (`onednn` in PyTorch and in OpenVINO).
    """

    name: ClassVar[str]
    family: ClassVar[str]
    device: ClassVar[str] = "cpu"

    @classmethod
    @abstractmethod
    def version(cls) -> str:
        """Exact version of what computes."""

    @abstractmethod
    def configurations(self, brick: Brick) -> Sequence[Configuration | Unsupported]:
        """All the ways in which `brick` can be computed, and those in which it cannot."""

    @final
    def build(self, brick: Brick, configuration: Configuration, *, threads: int = 1) -> Runnable:
        """The brick, ready to be timed, on inputs and weights drawn from its id.

        Raises `BackendError` where the library refuses it after all.
        """
        return self._build(brick, configuration, threads)

    @final
    def build_null(self, *, threads: int = 1) -> Runnable:
        """The least that can be asked for in the same way: what a call costs without a layer."""
        return self._build(NULL, Configuration(), threads)

    @abstractmethod
    def _build(self, brick: Brick, configuration: Configuration, threads: int) -> Runnable: ...


NULL = Brick(
    (BrickTensor("float32", (1,), "input"), BrickTensor("float32", (1,), "activation")),
    (BrickLayer("", "Identity", 17, {}, (0,), (1,)),),
    (1,),
)
"""One element, passed on."""


def is_free(brick: Brick) -> bool:
    """Whether the brick only renames what lies in memory: it costs nothing and is not run."""
    return all(not layer.domain and layer.op_type in VIEWS for layer in brick.layers)


def declared_dtype(brick: Brick) -> str:
    """The type that a brick computes in as it stands: its first float, `float32` without any."""
    floats = (tensor.dtype for tensor in brick.tensors if tensor.dtype in _FLOATS)
    return next(floats, "float32")


def tolerance(configuration: Configuration, notes: Mapping[str, str]) -> float:
    """How far the outputs may be from the reference, relative to its largest value."""
    dtype = "float16" if configuration.math == TF32 else configuration.dtype
    if "transform" in notes:
        return max(TOLERANCES[dtype], TOLERANCE_OF_TRANSFORMED)
    return TOLERANCES[dtype]
