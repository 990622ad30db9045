"""`fixed_model`: a graph that computes with numbers of few bits, as they were measured.

Weights are those of the formats. Behind the image and each activation stand the nodes of

    fixed(x) = min(max(⌊x / step + ½⌋, lowest / step), highest / step) · step

in float: division and multiplication by a power of two are exact. A runtime takes longer for it
than for the float graph; it is there to be evaluated like any other, not to be fast.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from dlscope.methods.skynet.fixed_point import FixedFormat, fixed
from dlscope.methods.skynet.fixed_scheme import FixedScheme, arrays_of, map_names
from dlscope.zoo.skynet.folding import Folded

_ENDING = "fixed"


def fixed_model(graph: onnx.ModelProto, folded: Folded, scheme: FixedScheme) -> onnx.ModelProto:
    """`graph`, which `onnx_model` wrote, with the weights `folded` in the formats of `scheme`."""
    model = onnx.ModelProto()
    model.CopyFrom(graph)
    kept = _arrays(folded, scheme)
    for initializer in model.graph.initializer:
        if initializer.name in kept:
            initializer.CopyFrom(numpy_helper.from_array(kept[initializer.name], initializer.name))
    forms = dict(zip(map_names(folded), scheme.maps, strict=True))
    nodes = []
    for name in (each.name for each in model.graph.input if each.name in forms):
        nodes += _rounding(model.graph, name, forms[name])
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            if name in forms:
                node.input[place] = f"{name}.{_ENDING}"
        nodes.append(node)
        for name in (each for each in node.output if each in forms):
            nodes += _rounding(model.graph, name, forms[name])
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def _arrays(folded: Folded, scheme: FixedScheme) -> Mapping[str, NDArray[np.float32]]:
    """Weights and biases in their formats, by the names that `onnx_model` gives them."""
    weights, biases = arrays_of(folded)
    names = [
        f"bundle{number}.{kind}"
        for number in range(1, len(folded.bundles) + 1)
        for kind in ("depthwise", "pointwise")
    ]
    kept = {
        f"{name}.weight": fixed(each, form.bits, form.int_bits)
        for name, each, form in zip([*names, "head"], weights, scheme.weights, strict=True)
    }
    return kept | {
        f"{name}.bias": fixed(each, form.bits, form.int_bits)
        for name, each, form in zip(names, biases, scheme.biases, strict=True)
    }


def _rounding(graph: onnx.GraphProto, name: str, form: FixedFormat) -> list[onnx.NodeProto]:
    """The nodes that round a tensor; their numbers are put into the graph."""
    nodes: list[onnx.NodeProto] = []
    value = name
    for kind, number in (
        ("Mul", 1 / form.step),
        ("Add", 0.5),
        ("Floor", None),
        ("Max", form.lowest / form.step),
        ("Min", form.highest / form.step),
        ("Mul", form.step),
    ):
        found = f"{name}.{_ENDING}" if kind == "Mul" and nodes else f"{name}.{len(nodes)}"
        inputs = [value]
        if number is not None:
            inputs.append(f"{found}.number")
            constant = numpy_helper.from_array(np.array(number, np.float32), inputs[1])
            graph.initializer.append(constant)
        nodes.append(helper.make_node(kind, inputs, [found], name=found))
        value = found
    return nodes
