"""From an ONNX model to a `torch.fx.GraphModule` that computes the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import ModelProto
from torch import fx

from dlscope.backends.onnx_graph.node import OnnxNode
from dlscope.backends.onnx_graph.program import Program
from dlscope.backends.onnx_to_torch.activations import ACTIVATIONS
from dlscope.backends.onnx_to_torch.arithmetic import ARITHMETIC
from dlscope.backends.onnx_to_torch.layers import LAYERS
from dlscope.backends.onnx_to_torch.node import TorchRules
from dlscope.backends.onnx_to_torch.origin import Origin, set_origin
from dlscope.backends.onnx_to_torch.shapes import SHAPES

RULES: TorchRules = {**LAYERS, **ACTIVATIONS, **ARITHMETIC, **SHAPES}


def translate(model: ModelProto, where: Path) -> fx.GraphModule:
    """A module in eval mode that takes the inputs in the order of the graph, returns a tuple.

    Weights are buffers. Raises `UnsupportedOp` naming every operator without a rule.
    """
    program = Program.of(model, where)
    program.require_rules(RULES, _Graph.framework)
    graph = _Graph(program.constants)
    for spec in program.inputs:
        graph.take_input(spec.name)
    for index, proto in enumerate(program.nodes):
        graph.origin = Origin.of(index, proto)
        node = OnnxNode(proto, program.opset, graph, program.where)
        graph.keep(node.outputs, RULES[proto.op_type](node))
    graph.origin = None
    return graph.module([spec.name for spec in program.outputs]).eval()


@final
class _Graph:
    framework = "PyTorch"
    fixed_shapes = False

    def __init__(self, constants: dict[str, NDArray[Any]]) -> None:
        self._constants = constants
        self._graph = fx.Graph()
        self._values: dict[str, fx.Node] = {}
        self._buffers: dict[str, torch.Tensor] = {}
        self.origin: Origin | None = None

    def take_input(self, name: str) -> None:
        """Make `name` the next argument of the module."""
        self._values[name] = self._graph.placeholder(_identifier(name))

    def keep(self, names: list[str], result: fx.Node | tuple[fx.Node, ...]) -> None:
        """Have the results of a node under their `names`."""
        results = result if isinstance(result, tuple) else (result,)
        self._values.update(zip(names, results, strict=False))

    def module(self, outputs: list[str]) -> fx.GraphModule:
        """The module that returns `outputs`."""
        self._graph.output(tuple(self.value(name) for name in outputs))
        self._graph.lint()
        return fx.GraphModule(self._buffers, self._graph)

    def value(self, name: str) -> fx.Node:
        """The tensor `name`; a weight becomes a buffer when it is first asked for."""
        if name not in self._values:
            buffer = f"weight_{len(self._buffers)}_{_identifier(name)}"
            array = np.array(self._constants[name])
            self._buffers[buffer] = torch.from_numpy(array)
            self._values[name] = set_origin(self._graph.get_attr(buffer), self.origin)
        return self._values[name]

    def constant(self, name: str) -> NDArray[Any] | None:
        """The tensor `name` where it depends on no input."""
        return self._constants.get(name)

    def call(self, name: str, function: Callable[..., Any], args: Any, kwargs: Any) -> fx.Node:
        """Append a call of `function`."""
        node = self._graph.create_node("call_function", function, args, kwargs, _identifier(name))
        return set_origin(node, self.origin)


def _identifier(name: str) -> str:
    return re.sub(r"[^0-9A-Za-z_]", "_", name)
