"""oneDNN through PyTorch, weights packed beforehand: what a frozen model would call.

PyTorch's own operators pack the weights anew in every call. Those that its compiler puts in their
place take packed ones, and add a tensor and compute an activation in the same pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own name for it)
from torch import Tensor, fx

from dlscope.backends.onnx_to_torch.activations import gelu
from dlscope.graph.brick import Brick
from dlscope.methods.bounds.implementation import (
    CHANNELS_LAST,
    PLAIN,
    Configuration,
    Implementation,
    Runnable,
    Unsupported,
    declared_dtype,
)
from dlscope.methods.bounds.implementations.packing import (
    Convolution,
    Dense,
    attach,
    may_be_packed,
    products,
    shape_of,
)
from dlscope.methods.bounds.implementations.refusals import refusals
from dlscope.methods.bounds.implementations.torch_module import (
    TorchRunnable,
    has_image,
    laid_out,
    module_of,
    tensors_of,
    torch_ways,
)

Activation = tuple[str, list[float | None], str]
"""The name, the numbers and the algorithm that oneDNN's calls take."""

_NONE: Activation = ("none", [], "")
_SIMPLE: Mapping[Any, Activation] = {
    F.hardswish: ("hardswish", [], ""),
    torch.relu: ("relu", [], ""),
    torch.sigmoid: ("sigmoid", [], ""),
    torch.tanh: ("tanh", [], ""),
}


@final
class OneDnnPacked(Implementation):
    """Convolutions with the channels last, and dense products, with packed weights."""

    name = "onednn_packed"
    family = "onednn"

    @classmethod
    def version(cls) -> str:
        """Version of PyTorch with its build, which names its oneDNN."""
        return str(torch.__version__)

    def configurations(self, brick: Brick) -> Sequence[Configuration | Unsupported]:
        """In the type that the brick declares, and in bfloat16."""
        layout = CHANNELS_LAST if has_image(brick) else PLAIN
        if not may_be_packed(brick) or declared_dtype(brick) != "float32":
            reason = "there are no float32 weights to be packed"
            return [Unsupported(reason, Configuration(layout=layout))]
        return torch_ways(brick, layout)

    def _build(self, brick: Brick, configuration: Configuration, threads: int) -> Runnable:
        dtype, layout = configuration.dtype, configuration.layout
        with refusals("oneDNN", brick):
            inputs = tensors_of(brick, dtype, layout)
            module = _packed(module_of(brick, dtype), inputs)
            function = laid_out(module.forward, inputs, layout)
            return TorchRunnable(function, inputs, threads, self.family)


def _packed(module: fx.GraphModule, inputs: Sequence[Tensor]) -> fx.GraphModule:
    """The module with packed products in the place of its own."""
    for product in products(module, inputs):
        if isinstance(product, Convolution):
            _replace_convolution(module, product)
        else:
            _replace_dense(module, product)
    module.graph.eliminate_dead_code()
    module.recompile()
    return module


def _replace_convolution(module: fx.GraphModule, product: Convolution) -> None:
    node = product.node
    sum_node, other = _added(node)
    last, activation = _activated(sum_node or node)
    weight = attach(module, last, product.packed())
    x, bias = node.args[0], node.args[2]
    name, numbers, algorithm = activation
    window = product.window
    if sum_node is None:
        given = (x, weight, bias, *window, *activation)
        _put(module, last, torch.ops.mkldnn._convolution_pointwise.default, given)
        return
    unary = (None, [], None) if activation == _NONE else (name, numbers, algorithm)
    added = (x, other, weight, bias, *window, "add", None, *unary)
    _put(module, last, torch.ops.mkldnn._convolution_pointwise.binary, added)


def _replace_dense(module: fx.GraphModule, product: Dense) -> None:
    node = product.node
    last, activation = _activated(node)
    weight = attach(module, last, product.packed())
    bias = node.args[2] if len(node.args) > 2 else None
    given = (node.args[0], weight, bias, *activation)
    _put(module, last, torch.ops.mkldnn._linear_pointwise.default, given)


def _put(
    module: fx.GraphModule, place: fx.Node, call: Callable[..., Any], given: tuple[Any, ...]
) -> None:
    """Call that instead of what `place` does."""
    with module.graph.inserting_before(place):
        node = module.graph.call_function(call, given)
    place.replace_all_uses_with(node)


def _added(node: fx.Node) -> tuple[fx.Node | None, fx.Node | None]:
    """The sum that alone takes `node`, and the other tensor, of the same shape; or none."""
    user = _only_user(node)
    if user is None or user.target is not torch.add:
        return None, None
    others = [each for each in user.args if each is not node]
    is_tensor = len(others) == 1 and isinstance(others[0], fx.Node)
    if not is_tensor or shape_of(others[0]) != shape_of(node):
        return None, None
    return user, others[0]


def _activated(node: fx.Node) -> tuple[fx.Node, Activation]:
    """The activation that alone takes `node`, as oneDNN names it; else `node` and none."""
    user = _only_user(node)
    activation = None if user is None else _activation(user)
    return (node, _NONE) if user is None or activation is None else (user, activation)


def _activation(node: fx.Node) -> Activation | None:
    if node.target is F.leaky_relu:
        slope = node.kwargs.get("alpha", node.args[1] if len(node.args) > 1 else 0.01)
        return "leaky_relu", [slope], ""
    if node.target is gelu:
        return "gelu", [], str(node.kwargs.get("approximate", node.args[-1]))
    return _SIMPLE.get(node.target)


def _only_user(node: fx.Node) -> fx.Node | None:
    users = list(node.users)
    return users[0] if len(users) == 1 and users[0].op == "call_function" else None
