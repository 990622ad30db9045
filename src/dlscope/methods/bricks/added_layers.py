"""A model with a view after every layer: the difference is what being one more layer costs."""

from __future__ import annotations

import onnx
from onnx import helper


def with_identities(model: onnx.ModelProto) -> tuple[onnx.ModelProto, int]:
    """A copy of `model` with an Identity after each layer, and how many those are.

    Each moves nothing and computes nothing; the outputs of the model keep their names.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    leaving = {value.name for value in model.graph.output}
    renamed: dict[str, str] = {}
    del copy.graph.node[:]
    for node in model.graph.node:
        copy.graph.node.append(node)
        added = copy.graph.node[-1]
        added.input[:] = [renamed.get(name, name) for name in node.input]
        for name in node.output[:1]:
            if name and name not in leaving:
                renamed[name] = f"{name}_again"
                copy.graph.node.append(helper.make_node("Identity", [name], [renamed[name]]))
    return copy, len(renamed)
