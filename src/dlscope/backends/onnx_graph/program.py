"""`Program`: an ONNX graph ready to be translated node by node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, numpy_helper

from dlscope.backends.base import TensorSpec
from dlscope.backends.onnx_graph.constants import DOMAINS, evaluated, is_constant
from dlscope.backends.onnx_signature import signature
from dlscope.core.errors import UnsupportedOp


@dataclass(frozen=True)
class Program:
    """Nodes that depend on an input, in the order of the graph, and every tensor that does not."""

    nodes: tuple[NodeProto, ...]
    constants: dict[str, NDArray[Any]]
    opset: int
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    where: str

    @classmethod
    def of(cls, model: ModelProto, path: Path) -> Self:
        """The program of `model`; what depends on no input is computed here, once."""
        opset = next(item.version for item in model.opset_import if item.domain in DOMAINS)
        constants = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer
        }
        remaining = []
        for node in model.graph.node:
            if is_constant(node, constants.__contains__):
                feeds = {name: constants[name] for name in node.input if name}
                constants.update(evaluated(node, feeds, opset))
            else:
                remaining.append(node)
        return cls(tuple(remaining), constants, opset, *signature(model, path), str(path))

    def require_rules(self, rules: Container[str], framework: str) -> None:
        """Raise `UnsupportedOp` naming every operator that is not in `rules`."""
        missing = Counter(
            node.op_type
            for node in self.nodes
            if node.op_type not in rules or node.domain not in DOMAINS
        )
        if missing:
            raise UnsupportedOp(
                f"no {framework} rule for {_listing(missing)}",
                where=self.where,
                fix="open the model with another backend, such as onnxruntime",
            )


def _listing(missing: Counter[str]) -> str:
    kinds = ", ".join(
        f"{name} ({count} node{'s' if count > 1 else ''})"
        for name, count in sorted(missing.items())
    )
    return f"{len(missing)} operator{'s' if len(missing) > 1 else ''}: {kinds}"
