"""`Window`: how a kernel slides over an image. ONNX lists pads as all begins, then all ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from dlscope.backends.onnx_graph.node import OnnxNode


@dataclass(frozen=True)
class Window:
    """How a kernel slides: one number for each spatial axis, `pads` two.

    `same` is SAME_UPPER or SAME_LOWER where the padding depends on the size of the image.
    """

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[int, ...]
    same: str

    @classmethod
    def of(cls, node: OnnxNode[Any], kernel: tuple[int, ...] | None = None) -> Self:
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


def same_pads(
    sizes: Sequence[int],
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
    is_upper: bool,
) -> list[tuple[int, int]]:
    """Begin and end pads so that stride s leaves ⌈n/s⌉ positions; the odd one last if upper.

    total = max((⌈n/s⌉ − 1) · s + (k − 1) · d + 1 − n, 0)       (ONNX, auto_pad SAME_*)
    """
    pads = []
    for size, width, stride, dilation in zip(sizes, kernel, strides, dilations, strict=True):
        reach = (-(-size // stride) - 1) * stride + (width - 1) * dilation + 1
        total = max(reach - size, 0)
        less, more = total // 2, total - total // 2
        pads.append((less, more) if is_upper else (more, less))
    return pads
