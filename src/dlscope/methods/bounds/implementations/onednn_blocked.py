"""oneDNN through PyTorch, on tensors that lie as oneDNN's own convolution left them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own name for it)
from torch import Tensor, fx

from dlscope.backends.onnx_to_torch.layers import mean_over_space
from dlscope.graph.brick import Brick
from dlscope.methods.bounds.implementation import (
    ONEDNN,
    Configuration,
    Implementation,
    Runnable,
    Unsupported,
    declared_dtype,
)
from dlscope.methods.bounds.implementations.packing import (
    Convolution,
    attach,
    products,
)
from dlscope.methods.bounds.implementations.refusals import refusals
from dlscope.methods.bounds.implementations.torch_module import (
    IMAGE_AXES,
    TorchRunnable,
    module_of,
    tensors_of,
    torch_ways,
)

# What PyTorch hands to oneDNN when the tensors are oneDNN's.
_KNOWN = frozenset(
    {"Add", "AveragePool", "BatchNormalization", "Conv", "GlobalAveragePool", "MaxPool", "Mul"}
    | {"Relu", "Sigmoid", "Tanh"}
)


def mean_of_plane(x: Tensor) -> Tensor:
    """Mean over both spatial axes, which become 1."""
    return F.adaptive_avg_pool2d(x, 1)


_INSTEAD: Mapping[Any, Callable[..., Tensor]] = {mean_over_space: mean_of_plane}


@final
class OneDnnBlocked(Implementation):
    """Images in the layout that oneDNN chooses for itself, given and taken; weights packed.

    Inputs come out of a convolution with the identity, which is not timed.
    """

    name = "onednn_blocked"
    family = "onednn"

    @classmethod
    def version(cls) -> str:
        """Version of PyTorch with its build, which names its oneDNN."""
        return str(torch.__version__)

    def configurations(self, brick: Brick) -> Sequence[Configuration | Unsupported]:
        """In the type that the brick declares, and in bfloat16."""
        reason = _why_not(brick)
        if reason is not None:
            return [Unsupported(reason, Configuration(layout=ONEDNN))]
        return [_unless_misread(brick, each) for each in torch_ways(brick, ONEDNN)]

    def _build(self, brick: Brick, configuration: Configuration, threads: int) -> Runnable:
        dtype = configuration.dtype
        with refusals("oneDNN", brick):
            plain = tensors_of(brick, dtype, configuration.layout)
            module = _native(module_of(brick, dtype), plain)
            with torch.inference_mode():
                inputs = [_chosen_by_onednn(each) for each in plain]
            return TorchRunnable(module.forward, inputs, threads, self.family)


def _unless_misread(brick: Brick, way: Configuration | Unsupported) -> Configuration | Unsupported:
    if not isinstance(way, Configuration) or way.dtype == "float32":
        return way
    if not any(layer.op_type == "BatchNormalization" for layer in brick.layers):
        return way
    # The results are wrong, differently each time: what lies behind the scales is read, too.
    return Unsupported("PyTorch hands bfloat16 scales to oneDNN as if they were float32", way)


def _why_not(brick: Brick) -> str | None:
    unknown = sorted({layer.operator for layer in brick.layers} - _KNOWN)
    if unknown:
        return f"PyTorch does not hand {', '.join(unknown)} to oneDNN"
    shapes = [brick.tensors[place].shape for place in brick.inputs]
    if any(len(shape) != IMAGE_AXES for shape in shapes) or declared_dtype(brick) != "float32":
        return "only float32 tensors of four axes get a layout of oneDNN's"
    if brick.constants and any(layer.op_type in ("Add", "Mul") for layer in brick.layers):
        return "an operand is a constant, which is not put into a layout of oneDNN's"
    return "the operands have several shapes" if len(set(shapes)) > 1 else None


def _native(module: fx.GraphModule, inputs: Sequence[Tensor]) -> fx.GraphModule:
    """The module with calls that take oneDNN's tensors."""
    for product in products(module, inputs):
        if isinstance(product, Convolution):
            _replace(module, product)
    for node in module.graph.nodes:
        node.target = _INSTEAD.get(node.target, node.target)
    module.graph.eliminate_dead_code()
    module.recompile()
    return module


def _replace(module: fx.GraphModule, product: Convolution) -> None:
    node = product.node
    weight = attach(module, node, product.packed())
    given = (node.args[0], weight, node.args[2], *product.window)
    with module.graph.inserting_before(node):
        new = module.graph.call_function(torch.mkldnn_convolution, given)
    node.replace_all_uses_with(new)


def _chosen_by_onednn(tensor: Tensor) -> Tensor:
    """The same numbers, as oneDNN lays out what a convolution makes."""
    if tensor.ndim != IMAGE_AXES:
        return tensor
    channels = tensor.shape[1]
    identity = torch.eye(channels, dtype=tensor.dtype).reshape(channels, channels, 1, 1)
    window = ([0, 0], [1, 1], [1, 1], 1)
    given = tensor.to_mkldnn()
    packed = torch._C._nn.mkldnn_reorder_conv2d_weight(
        identity.to_mkldnn(), *window, list(tensor.shape)
    )
    return torch.mkldnn_convolution(given, packed, None, *window)
