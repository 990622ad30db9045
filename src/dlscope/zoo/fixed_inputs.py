"""An existing ONNX network with values in place of some of its inputs, and no choice left to make.

A value that chooses between two sub-networks, such as a sample rate, becomes a constant; every
`If` that it decides is replaced by the branch that is taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from dlscope.core.errors import GraphError, ShapeError, did_you_mean
from dlscope.graph.builder import check, serialize
from dlscope.graph.signature import TensorSignature, read_signature
from dlscope.zoo.network import require_weights

# Since this form of file, a weight need not be listed among the inputs as well.
_FIRST_IR_WITH_PLAIN_WEIGHTS = 4
_INTEGERS = frozenset(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
_FLOATS = frozenset({"float16", "float32", "float64"})
_BOOLEANS = {"false": False, "true": True}
_BY_CHANCE = frozenset(
    f"Random{kind}{like}" for kind in ("Normal", "Uniform") for like in ("", "Like")
) | {"Bernoulli", "Multinomial"}


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file `weights` with the inputs named in `options` fixed and every `If` decided.

    A value is one number, `{"sr": "16000"}`, or the numbers of an input with one axis,
    `{"sizes": "3,4"}`; booleans are `true` and `false`. Conditions are computed by ONNX's own
    reference evaluator. The nodes of a taken branch keep their names where these are still free
    and stand where the `If` stood; nodes and weights that no output needs any more are dropped.
    The bodies of loops and of functions that the file defines stay as they are.

    Raises `GraphError` for an unknown input, a value that is not of the input's element type,
    an `If` whose condition depends on an input that is not fixed, or on chance, and a graph that
    is not valid with those values; `ShapeError` for another number of values than the input has.
    """
    weights = require_weights("fixed_inputs", weights)
    where = str(weights)
    signature = read_signature(weights)  # refuses what is not a network of tensors
    model = onnx.load(weights, format="protobuf")
    model.ir_version = max(model.ir_version, _FIRST_IR_WITH_PLAIN_WEIGHTS)
    graph = model.graph
    graph.initializer.extend(_constants(signature.inputs, options, where))
    weight_names = {tensor.name for tensor in graph.initializer}
    _assign(graph.input, [value for value in graph.input if value.name not in weight_names])
    while (position := _first_if(graph)) is not None:
        _inline(graph, position, _taken_branch(model, graph.node[position], where))
    _drop_unneeded(graph)
    check(model, where=where)
    return serialize(model)


def _constants(
    inputs: Sequence[TensorSignature], options: Mapping[str, str], where: str
) -> Iterator[onnx.TensorProto]:
    by_name = {each.name: each for each in inputs}
    for name, text in sorted(options.items()):
        if name not in by_name:
            raise GraphError(
                f"the model has no input {name!r}", where=where, fix=did_you_mean(name, by_name)
            )
        spec, texts = by_name[name], text.split(",")
        _require_shape(spec, texts, where)
        values = np.array([_number(each, spec, where) for each in texts], dtype=spec.dtype)
        yield numpy_helper.from_array(values.reshape(() if spec.shape == () else -1), name)


def _require_shape(spec: TensorSignature, texts: Sequence[str], where: str) -> None:
    if spec.shape is None or len(spec.shape) > 1:
        raise ShapeError(
            f"input {spec} cannot be fixed",
            where=where,
            fix="fix only inputs with no axis or one, and leave the others to the data",
        )
    expected = spec.shape[0] if spec.shape else 1
    if isinstance(expected, int) and len(texts) != expected:
        raise ShapeError(
            f"{','.join(texts)!r} does not fit input {spec}",
            where=where,
            fix="give one number for each value, separated by commas",
        )


def _number(text: str, spec: TensorSignature, where: str) -> int | float | bool:
    """The value that `text` writes down, if the element type of `spec` can hold it."""
    value: int | float | bool | None = None
    try:
        if spec.dtype in _INTEGERS:
            value = int(text)
            limits = np.iinfo(spec.dtype)
            fits = limits.min <= value <= limits.max
        elif spec.dtype in _FLOATS:
            value = float(text)
            fits = math.isfinite(value) and abs(value) <= float(np.finfo(spec.dtype).max)
        else:
            value = _BOOLEANS.get(text) if spec.dtype == "bool" else None
            fits = value is not None
    except ValueError:
        fits = False
    if value is None or not fits:
        raise GraphError(
            f"{text!r} is not a value for input {spec}",
            where=where,
            fix="write a finite number of that type, or true or false for a bool",
        )
    return value


def _first_if(graph: onnx.GraphProto) -> int | None:
    """The position of the first `If` that an output depends on, once other nodes are gone."""
    _assign(graph.node, _ancestors(graph.node, {value.name for value in graph.output}))
    for position, node in enumerate(graph.node):
        if node.op_type == "If" and node.domain in ("", "ai.onnx"):
            return position
    return None


def _taken_branch(model: onnx.ModelProto, node: onnx.NodeProto, where: str) -> onnx.GraphProto:
    branches = _branches(node, where)
    nodes = _ancestors(model.graph.node, {node.input[0]})
    _require_known(model.graph, node, nodes, where)
    wanted = {node.input[0]}.union(*map(_uses, nodes))
    condition = helper.make_graph(
        nodes,
        "condition",
        [],
        [helper.make_tensor_value_info(node.input[0], onnx.TensorProto.BOOL, None)],
        initializer=[tensor for tensor in model.graph.initializer if tensor.name in wanted],
    )
    small = helper.make_model(
        condition,
        opset_imports=model.opset_import,
        ir_version=model.ir_version,
        functions=model.functions,
    )
    try:
        answer = bool(ReferenceEvaluator(small).run(None, {})[0].item())
    except Exception as error:  # an operator raises whatever its own code runs into
        raise GraphError(
            f"the condition of If node {node.name or node.output[0]!r} cannot be computed: {error}",
            where=where,
            fix="correct the nodes that compute it, or fix another input",
        ) from error
    return branches[answer]


def _branches(node: onnx.NodeProto, where: str) -> dict[bool, onnx.GraphProto]:
    """What an `If` does by its condition. Raises `GraphError` for one that is not whole."""
    graphs = {attribute.name: attribute.g for attribute in node.attribute}
    names = {True: "then_branch", False: "else_branch"}
    branches = {answer: graphs[name] for answer, name in names.items() if name in graphs}
    counts = [len(branch.output) for branch in branches.values()]
    if len(node.input) != 1 or counts != [len(node.output)] * 2:
        raise GraphError(
            f"If node {node.name or node.output[0]!r} is not whole",
            where=where,
            fix="give it one condition and two branches with as many outputs as it has",
        )
    return branches


def _require_known(
    graph: onnx.GraphProto, node: onnx.NodeProto, nodes: Sequence[onnx.NodeProto], where: str
) -> None:
    """Raise `GraphError` if `nodes`, which compute the condition of `node`, need an input."""
    known = {tensor.name for tensor in graph.initializer} | _outputs(nodes)
    unknown = sorted({node.input[0]}.union(*map(_uses, nodes)) - known)
    by_chance = sorted({each.op_type for each in nodes if each.op_type in _BY_CHANCE})
    if unknown or by_chance:
        listed = ", ".join([repr(name) for name in unknown] + by_chance)
        raise GraphError(
            f"the condition of If node {node.name or node.output[0]!r} depends on {listed}",
            where=where,
            fix="fix that input as well, or use a model that makes no such choice",
        )


def _inline(graph: onnx.GraphProto, position: int, branch: onnx.GraphProto) -> None:
    """Put the nodes and weights of `branch` where the `If` at `position` stands."""
    results = list(graph.node[position].output)
    before, after = list(graph.node[:position]), list(graph.node[position + 1 :])
    renamed = _free_names(branch, _defined(graph) | _inner_names([*before, *after]))
    bridges = []
    unbound = _outputs(branch.node)
    for value, result in zip(branch.output, results, strict=True):
        if result and value.name in unbound:
            unbound.remove(value.name)
            renamed[value.name] = result
        elif result:  # a weight, a value from outside or one that has its name already
            source = renamed.get(value.name, value.name)
            bridges.append(helper.make_node("Identity", [source], [result]))
    for node in branch.node:
        _rename(node, renamed)
    for tensor in branch.initializer:
        tensor.name = renamed[tensor.name]
    for sparse in branch.sparse_initializer:
        sparse.values.name = renamed[sparse.values.name]
    graph.initializer.extend(branch.initializer)
    graph.sparse_initializer.extend(branch.sparse_initializer)
    _assign(graph.node, [*before, *branch.node, *bridges, *after])


def _free_names(branch: onnx.GraphProto, taken: set[str]) -> dict[str, str]:
    """A name for each value of `branch`: its own, or one with a number if that is `taken`."""
    forbidden = taken | _defined(branch) | _inner_names(branch.node)
    names = {}
    for name in sorted(_defined(branch)):
        new, number = name, 1
        while new in (taken if new == name else forbidden):
            number += 1
            new = f"{name}_{number}"
        names[name] = new
        forbidden.add(new)
    return names


def _rename(node: onnx.NodeProto, renamed: Mapping[str, str]) -> None:
    node.input[:] = [renamed.get(name, name) for name in node.input]
    node.output[:] = [renamed.get(name, name) for name in node.output]
    for body in _bodies(node):
        own = _defined(body)
        visible = {old: new for old, new in renamed.items() if old not in own}
        for inner in body.node:
            _rename(inner, visible)
        for value in body.output:
            value.name = visible.get(value.name, value.name)


def _drop_unneeded(graph: onnx.GraphProto) -> None:
    """Drop the weights that no node and no output uses, and the notes on values that are gone."""
    used = {value.name for value in graph.output}.union(*map(_uses, graph.node))
    _assign(graph.initializer, [each for each in graph.initializer if each.name in used])
    known = _outputs(graph.node)
    _assign(graph.value_info, [each for each in graph.value_info if each.name in known])


def _ancestors(nodes: Sequence[onnx.NodeProto], wanted: set[str]) -> list[onnx.NodeProto]:
    """The nodes that the values `wanted` depend on, in the order of `nodes`."""
    names, kept = set(wanted), []
    for node in reversed(nodes):
        if not names.isdisjoint(node.output):
            kept.append(node)
            names |= _uses(node)
    return kept[::-1]


def _uses(node: onnx.NodeProto) -> set[str]:
    """The values that a node takes, those that its branches or body take from outside included."""
    names = {name for name in node.input if name}
    for body in _bodies(node):
        inside = {value.name for value in body.output}.union(*map(_uses, body.node))
        names |= inside - _defined(body)
    return names


def _defined(graph: onnx.GraphProto) -> set[str]:
    """The values that a graph defines itself, those inside its nodes' bodies not included."""
    values = {each.name for each in (*graph.input, *graph.initializer)}
    return values | {each.values.name for each in graph.sparse_initializer} | _outputs(graph.node)


def _outputs(nodes: Iterable[onnx.NodeProto]) -> set[str]:
    return {name for node in nodes for name in node.output if name}


def _inner_names(nodes: Iterable[onnx.NodeProto]) -> set[str]:
    """The values that are defined anywhere inside the bodies of `nodes`."""
    bodies = [body for node in nodes for body in _bodies(node)]
    return set().union(*(_defined(body) | _inner_names(body.node) for body in bodies))


def _bodies(node: onnx.NodeProto) -> list[onnx.GraphProto]:
    """The branches of an `If` or the body of a loop."""
    return [attribute.g for attribute in node.attribute if attribute.HasField("g")]


def _assign(field: Any, values: Iterable[Any]) -> None:
    kept = list(values)
    del field[:]
    field.extend(kept)
