"""`Window`: how a kernel slides over an image, and the padding it needs.

ONNX lists pads as all begins, then all ends; PyTorch from the last axis to the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import torch.nn.functional as F  # noqa: N812 (PyTorch's own name for it)
from torch import Tensor, fx

from dlscope.backends.onnx_to_torch.node import OnnxNode


@dataclass(frozen=True)
class Window:
    """How a kernel slides: one number for each spatial axis, `pads` two."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[int, ...]
    same: str

    @classmethod
    def of(cls, node: OnnxNode, kernel: tuple[int, ...] | None = None) -> Self:
        """The window of `node`; `kernel` where the weights tell it."""
        kernel = kernel or node.attribute("kernel_shape")
        if kernel is None:
            raise node.refusal("a kernel whose shape is not known")
        ones, zeros = (1,) * len(kernel), (0,) * (2 * len(kernel))
        auto = node.attribute("auto_pad", "NOTSET")
        return cls(
            kernel,
            node.attribute("strides", ones),
            node.attribute("dilations", ones),
            node.attribute("pads", zeros) if auto == "NOTSET" else zeros,
            auto if auto.startswith("SAME") else "",
        )

    @property
    def begins(self) -> tuple[int, ...]:
        """Padding before each axis."""
        return self.pads[: len(self.kernel)]

    @property
    def ends(self) -> tuple[int, ...]:
        """Padding after each axis."""
        return self.pads[len(self.kernel) :]

    @property
    def is_even(self) -> bool:
        """Whether every axis is padded alike on both sides, and not by need."""
        return not self.same and self.begins == self.ends

    @property
    def is_within_half(self) -> bool:
        """Whether no pad is larger than half the kernel, PyTorch's bound for pooling."""
        return all(pad <= size // 2 for pad, size in zip(self.begins, self.kernel, strict=True))

    def padded(self, node: OnnxNode, x: Any, value: float) -> fx.Node:
        """`x` with the padding written out."""
        if self.same:
            is_upper = self.same == "SAME_UPPER"
            arguments = (self.kernel, self.strides, self.dilations, is_upper, value)
            return node.call(pad_to_same, x, *arguments)
        return node.call(F.pad, x, innermost_first(self.begins, self.ends), "constant", value)


def innermost_first(begins: tuple[int, ...], ends: tuple[int, ...]) -> list[int]:
    """Pads as PyTorch takes them: both of the last axis, then of the one before."""
    pairs = zip(reversed(begins), reversed(ends), strict=True)
    return [pad for pair in pairs for pad in pair]


def pad_to_same(
    x: Tensor,
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
    is_upper: bool,
    value: float,
) -> Tensor:
    """`x` padded so that a window of stride s leaves ⌈n/s⌉ positions; the odd one last if upper.

    total = max((⌈n/s⌉ − 1) · s + (k − 1) · d + 1 − n, 0)       (ONNX, auto_pad SAME_*)
    """
    begins, ends = [], []
    axes = zip(x.shape[2:], kernel, strides, dilations, strict=True)
    for size, width, stride, dilation in axes:
        reach = (-(-size // stride) - 1) * stride + (width - 1) * dilation + 1
        total = max(reach - size, 0)
        less, more = total // 2, total - total // 2
        begins.append(less if is_upper else more)
        ends.append(more if is_upper else less)
    return F.pad(x, innermost_first(tuple(begins), tuple(ends)), "constant", value)
