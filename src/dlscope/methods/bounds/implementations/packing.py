"""Products of a translated brick with weights that are known beforehand, and packing of those.

oneDNN reads weights in an order of its own; PyTorch's operators make it anew in every call.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own name for it)
from torch import Tensor, fx
from torch.fx.passes.shape_prop import ShapeProp

from dlscope.graph.brick import Brick

_PLANE = 2


@final
@dataclass(frozen=True)
class Convolution:
    """A two-dimensional convolution: arguments of PyTorch's call, `shape` that of its input."""

    node: fx.Node
    weight: Tensor
    shape: tuple[int, ...]

    @property
    def window(self) -> tuple[list[int], list[int], list[int], int]:
        """Padding, strides, dilations and groups, as oneDNN's calls take them."""
        strides, padding, dilations = (list(each) for each in self.node.args[3:6])
        return padding, strides, dilations, int(self.node.args[8])

    def packed(self) -> Tensor:
        """The weights as oneDNN reads them for this input."""
        given = (self.weight.to_mkldnn(), *self.window, list(self.shape))
        packed: Tensor = torch._C._nn.mkldnn_reorder_conv2d_weight(*given)
        return packed


@final
@dataclass(frozen=True)
class Dense:
    """A product with a matrix [out, in], the bias an argument of the call, or none."""

    node: fx.Node
    weight: Tensor
    rows: int

    def packed(self) -> Tensor:
        """The weights as oneDNN reads them for that many rows."""
        packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(self.weight, self.rows)
        return packed


def may_be_packed(brick: Brick) -> bool:
    """Whether there is a convolution of images, or a product, with weights known beforehand."""
    return any(
        layer.op_type in ("Conv", "Gemm", "MatMul") and _is_constant(brick, layer.inputs[1])
        for layer in brick.layers
    )


def products(module: fx.GraphModule, inputs: Sequence[Tensor]) -> tuple[Convolution | Dense, ...]:
    """All whose weights can be packed, in the order of the graph."""
    with torch.inference_mode():
        ShapeProp(module).propagate(*inputs)
    found = (_product(module, node) for node in module.graph.nodes)
    return tuple(each for each in found if each is not None)


def shape_of(node: Any) -> tuple[int, ...]:
    """The shape of what a node of a graph gives."""
    return tuple(node.meta["tensor_meta"].shape)


def attach(module: fx.GraphModule, before: fx.Node, tensor: Tensor) -> fx.Node:
    """A node, placed before another one, that gives `tensor`."""
    name = f"packed_{before.name}"
    module.register_buffer(name, tensor)
    with module.graph.inserting_before(before):
        return module.graph.get_attr(name)


def _product(module: fx.GraphModule, node: fx.Node) -> Convolution | Dense | None:
    if node.op != "call_function" or len(node.args) < _PLANE:
        return None
    weight = _weight(module, node.args[1])
    if weight is None:
        return None
    if node.target is torch.convolution and weight.ndim == _PLANE + 2 and not node.args[6]:
        return Convolution(node, weight, shape_of(node.args[0]))
    rows = math.prod(shape_of(node.args[0])[:-1])
    if node.target is F.linear:
        return Dense(node, weight, rows)
    if node.target is torch.matmul and weight.ndim == _PLANE:
        return Dense(node, weight.t().contiguous(), rows)
    return None


def _weight(module: fx.GraphModule, node: Any) -> Tensor | None:
    if not isinstance(node, fx.Node) or node.op != "get_attr":
        return None
    weight: Tensor = getattr(module, str(node.target))
    return weight


def _is_constant(brick: Brick, place: int | None) -> bool:
    return place is not None and brick.tensors[place].kind == "const"
