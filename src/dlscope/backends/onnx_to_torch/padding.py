"""Padding written out for PyTorch, which lists pads from the last axis to the first."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F  # noqa: N812 (PyTorch's own name for it)
from torch import Tensor, fx

from dlscope.backends.onnx_graph.window import Window, same_pads
from dlscope.backends.onnx_to_torch.node import TorchNode


def is_within_half(window: Window) -> bool:
    """Whether no pad is larger than half the kernel, PyTorch's bound for pooling."""
    return all(pad <= size // 2 for pad, size in zip(window.begins, window.kernel, strict=True))


def padded(window: Window, node: TorchNode, x: Any, value: float) -> fx.Node:
    """`x` with the padding of `window` written out."""
    if window.same:
        is_upper = window.same == "SAME_UPPER"
        arguments = (window.kernel, window.strides, window.dilations, is_upper, value)
        return node.call(pad_to_same, x, *arguments)
    return node.call(F.pad, x, innermost_first(window.begins, window.ends), "constant", value)


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
    """`x` padded so that a window of stride s leaves ⌈n/s⌉ positions; the odd one last if upper."""
    pads = same_pads(x.shape[2:], kernel, strides, dilations, is_upper)
    begins, ends = (tuple(side) for side in zip(*pads, strict=True))
    return F.pad(x, innermost_first(begins, ends), "constant", value)
