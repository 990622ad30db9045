"""Nodes that depend on no input, computed by ONNX's own reference evaluator."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import AttributeProto, NodeProto, helper
from onnx.reference import ReferenceEvaluator

DOMAINS = ("", "ai.onnx")
"""The two names of the standard's own operators."""

_RANDOM = re.compile("Random|Bernoulli|Multinomial")


def is_constant(node: NodeProto, is_known: Callable[[str], bool]) -> bool:
    """Whether `node` computes the same each time from tensors that are all known."""
    has_subgraph = any(item.type == AttributeProto.GRAPH for item in node.attribute)
    is_standard = node.domain in DOMAINS and _RANDOM.match(node.op_type) is None
    return is_standard and not has_subgraph and all(is_known(name) for name in node.input if name)


def evaluated(
    node: NodeProto, feeds: Mapping[str, NDArray[Any]], opset: int
) -> dict[str, NDArray[Any]]:
    """The outputs of `node` by name; `feeds` has its inputs."""
    inputs = [helper.make_empty_tensor_value_info(name) for name in feeds]
    outputs = [helper.make_empty_tensor_value_info(name) for name in node.output if name]
    graph = helper.make_graph([node], "constant", inputs, outputs)
    # A node alone would be evaluated as its newest version.
    opsets = [helper.make_opsetid("", opset)]
    evaluator = ReferenceEvaluator(helper.make_model(graph, opset_imports=opsets))
    arrays = evaluator.run(None, dict(feeds))
    return dict(zip(evaluator.output_names, map(np.asarray, arrays), strict=True))
