"""What of a model can be read in a suite: names, and numbers that it has learnt."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from dlscope.methods.bricks.suite import Suite


def leaks(suite: Suite, source: onnx.ModelProto) -> list[str]:
    """Names and weights of the model `source` that stand in the suite; none should.

    Words of ONNX, operators and attributes, are no names. Constants that decide a shape are told
    on purpose; no model here has one of several floating numbers.
    """
    plain = json.loads(json.dumps(suite.to_json()))
    words = {each for text in _texts(plain) for each in (text, *_inside(text))}
    known = {each for brick in suite.bricks.values() for each in _vocabulary(brick)}
    found = sorted((_names(source) - known) & words)
    held = [np.asarray(each).ravel().tolist() for each in _arrays(plain)]
    for tensor in _weights(source):
        array = numpy_helper.to_array(tensor)
        if array.dtype.kind == "f" and array.size > 1 and array.ravel().tolist() in held:
            found.append(f"the values of {tensor.name}")
    return found


def _names(source: onnx.ModelProto) -> set[str]:
    names = {source.doc_string, *(each.value for each in source.metadata_props)}
    for graph in _graphs(source.graph):
        values = (*graph.input, *graph.output, *graph.value_info, *graph.initializer)
        names |= {graph.name, graph.doc_string, *(each.name for each in values)}
        for node in graph.node:
            names |= {node.name, node.doc_string, *node.input, *node.output}
        for value in (*graph.input, *graph.output):
            names |= {axis.dim_param for axis in value.type.tensor_type.shape.dim}
    return names - {""}


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _graphs(attribute.g)


def _weights(source: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    for graph in _graphs(source.graph):
        yield from graph.initializer
        for node in graph.node:
            yield from (each.t for each in node.attribute if each.HasField("t"))


def _vocabulary(brick: Any) -> Iterator[str]:
    for layer in brick.layers:
        yield from (layer.op_type, layer.domain, *layer.attributes)


def _texts(plain: Any) -> Iterator[str]:
    if isinstance(plain, str):
        yield plain
    elif isinstance(plain, Mapping):
        for name, each in plain.items():
            yield name
            yield from _texts(each)
    elif isinstance(plain, list):
        for each in plain:
            yield from _texts(each)


def _inside(text: str) -> Iterator[str]:
    """Names in the body of a loop, which is written as one text."""
    try:
        body = onnx.GraphProto.FromString(base64.b64decode(text, validate=True))
    except Exception:
        return
    for graph in _graphs(body):
        yield graph.name
        for node in graph.node:
            yield from (node.name, node.doc_string, *node.input, *node.output)


def _arrays(plain: Any) -> Iterator[list[Any]]:
    if isinstance(plain, Mapping):
        for each in plain.values():
            yield from _arrays(each)
    elif isinstance(plain, list):
        if plain and all(isinstance(each, float) for each in plain):
            yield plain
        for each in plain:
            yield from _arrays(each)
