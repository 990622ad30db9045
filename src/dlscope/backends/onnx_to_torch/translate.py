"""From an ONNX model to a `torch.fx.GraphModule` that computes the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import AttributeProto, ModelProto, NodeProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import fx

from dlscope.backends.onnx_signature import signature
from dlscope.backends.onnx_to_torch.activations import ACTIVATIONS
from dlscope.backends.onnx_to_torch.arithmetic import ARITHMETIC
from dlscope.backends.onnx_to_torch.layers import LAYERS
from dlscope.backends.onnx_to_torch.node import OnnxNode, Rules
from dlscope.backends.onnx_to_torch.shapes import SHAPES
from dlscope.core.errors import UnsupportedOp

RULES: Rules = {**LAYERS, **ACTIVATIONS, **ARITHMETIC, **SHAPES}
_RANDOM = re.compile("Random|Bernoulli|Multinomial")
_DOMAINS = ("", "ai.onnx")


def translate(model: ModelProto, where: Path) -> fx.GraphModule:
    """A module in eval mode that takes the inputs in the order of the graph, returns a tuple.

    Weights are buffers; what depends on no input is computed here, once, by ONNX's reference.
    Raises `UnsupportedOp` naming every operator without a rule.
    """
    opset = next(item.version for item in model.opset_import if item.domain in _DOMAINS)
    translation = _Translation(model, opset, str(where))
    translation.fold_constants()
    translation.require_rules()
    return translation.module().eval()


@final
class _Translation:
    def __init__(self, model: ModelProto, opset: int, where: str) -> None:
        self._model = model
        self._opset = opset
        self._where = where
        self._constants: dict[str, NDArray[Any]] = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer
        }
        self._nodes: list[NodeProto] = list(model.graph.node)
        self._graph = fx.Graph()
        self._values: dict[str, fx.Node] = {}
        self._buffers: dict[str, torch.Tensor] = {}

    def fold_constants(self) -> None:
        remaining = []
        for node in self._nodes:
            if self._is_constant(node):
                self._constants.update(self._evaluated(node))
            else:
                remaining.append(node)
        self._nodes = remaining

    def require_rules(self) -> None:
        missing = Counter(
            node.op_type
            for node in self._nodes
            if node.op_type not in RULES or node.domain not in _DOMAINS
        )
        if missing:
            raise UnsupportedOp(
                f"no PyTorch rule for {_listing(missing)}",
                where=self._where,
                fix="open the model with another backend, such as onnxruntime",
            )

    def module(self) -> fx.GraphModule:
        inputs, outputs = signature(self._model, Path(self._where))
        for spec in inputs:
            self._values[spec.name] = self._graph.placeholder(_identifier(spec.name))
        for proto in self._nodes:
            node = OnnxNode(proto, self._opset, self, self._where)
            result = RULES[proto.op_type](node)
            results = result if isinstance(result, tuple) else (result,)
            self._values.update(zip(node.outputs, results, strict=False))
        self._graph.output(tuple(self.value(spec.name) for spec in outputs))
        self._graph.lint()
        return fx.GraphModule(self._buffers, self._graph)

    def value(self, name: str) -> fx.Node:
        """The tensor `name`; a weight becomes a buffer when it is first asked for."""
        if name not in self._values:
            buffer = f"weight_{len(self._buffers)}_{_identifier(name)}"
            array = np.array(self._constants[name])
            self._buffers[buffer] = torch.from_numpy(array)
            self._values[name] = self._graph.get_attr(buffer)
        return self._values[name]

    def constant(self, name: str) -> NDArray[Any] | None:
        """The tensor `name` where it depends on no input."""
        return self._constants.get(name)

    def call(self, name: str, function: Callable[..., Any], args: Any, kwargs: Any) -> fx.Node:
        """Append a call of `function`."""
        return self._graph.create_node("call_function", function, args, kwargs, _identifier(name))

    def _is_constant(self, node: NodeProto) -> bool:
        has_subgraph = any(item.type == AttributeProto.GRAPH for item in node.attribute)
        is_known = all(name in self._constants for name in node.input if name)
        is_standard = node.domain in _DOMAINS and _RANDOM.match(node.op_type) is None
        return is_known and is_standard and not has_subgraph

    def _evaluated(self, node: NodeProto) -> dict[str, NDArray[Any]]:
        feeds = {name: self._constants[name] for name in node.input if name}
        inputs = [helper.make_empty_tensor_value_info(name) for name in feeds]
        outputs = [helper.make_empty_tensor_value_info(name) for name in node.output if name]
        graph = helper.make_graph([node], "constant", inputs, outputs)
        # A node alone would be evaluated as its newest version.
        opsets = [helper.make_opsetid("", self._opset)]
        evaluator = ReferenceEvaluator(helper.make_model(graph, opset_imports=opsets))
        arrays = evaluator.run(None, feeds)
        return dict(zip(evaluator.output_names, map(np.asarray, arrays), strict=True))


def _listing(missing: Counter[str]) -> str:
    kinds = ", ".join(
        f"{name} ({count} node{'s' if count > 1 else ''})"
        for name, count in sorted(missing.items())
    )
    return f"{len(missing)} operator{'s' if len(missing) > 1 else ''}: {kinds}"


def _identifier(name: str) -> str:
    return re.sub(r"[^0-9A-Za-z_]", "_", name)
