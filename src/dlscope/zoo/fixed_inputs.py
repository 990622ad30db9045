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

# Since this form of file, a weight need not be listed among the inputs as well.
_FIRST_IR_WITH_PLAIN_WEIGHTS = 4
_INTEGERS = frozenset(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
_FLOATS = frozenset({"float16", "float32", "float64"})
_BOOLEANS = {"false": False, "true": True}
_BY_CHANCE = frozenset(
    f"Random{kind}{like}" for kind in ("Normal", "Uniform") for like in ("", "Like")
) | {"Bernoulli", "Multinomial"}


def build(weights: Path, options: Mapping[str, str]) -> bytes:
    """The ONNX file `weights` with the inputs named in `options` fixed and every `If` decided.

    A value is one number, `{"sr": "16000"}`, or the numbers of an input with one axis,
    `{"sizes": "3,4"}`; booleans are `true` and `false`. Conditions are computed by ONNX's own
    reference evaluator. The nodes of a taken branch keep their names where these are still free
    and stand where the `If` stood; nodes and weights that no output needs any more are dropped.
    The bodies of loops and of functions that the file defines stay as they are.

    Raises `GraphError` for an unknown input, a value that is not of the input's element type, and
    an `If` whose condition depends on an input that is not fixed, or on chance; `ShapeError` for
    another number of values than the input has.
    """
    where = str(weights)
    signature = read_signature(weights)  # refuses what is not a network of tensors
    model = onnx.load(weights, format="protobuf")
    model.ir_version = max(model.ir_version, _FIRST_IR_WITH_PLAIN_WEIGHTS)
    graph = model.graph
    graph.initializer.extend(_constants(signature.inputs, options, where))
    constants = _constant_names(graph)
    _assign(graph.input, [value for value in graph.input if value.name not in constants])
    _drop_unneeded(graph)
    while (node := next((node for node in graph.node if _is_if(node)), None)) is not None:
        _inline(graph, node, _taken_branch(model, node, where))
        _drop_unneeded(graph)
    check(model, where=where)
    return serialize(model)


# --- values of inputs


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
            f"input {spec} has {expected} values, {','.join(texts)!r} has {len(texts)}",
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
            fits = math.isfinite(value) and abs(value) <= np.finfo(spec.dtype).max
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


# --- the choice


def _is_if(node: onnx.NodeProto) -> bool:
    return node.op_type == "If" and node.domain in ("", "ai.onnx")


def _taken_branch(model: onnx.ModelProto, node: onnx.NodeProto, where: str) -> onnx.GraphProto:
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
            f"the condition of {_title(node)} cannot be computed: {error}",
            where=where,
            fix="correct the nodes that compute it, or fix another input",
        ) from error
    branches = {attribute.name: attribute.g for attribute in node.attribute}
    return branches["then_branch" if answer else "else_branch"]


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
            f"the condition of {_title(node)} depends on {listed}",
            where=where,
            fix="fix that input as well, or use a model that makes no such choice",
        )


def _title(node: onnx.NodeProto) -> str:
    return f"If node {node.name or node.output[0]!r}" if node.name else f"the If of {node.output[0]!r}"


# --- the branch in place of the node


def _inline(graph: onnx.GraphProto, node: onnx.NodeProto, branch: onnx.GraphProto) -> None:
    position = next(i for i, each in enumerate(graph.node) if each is node)
    before, after = list(graph.node[:position]), list(graph.node[position + 1 :])
    taken = _defined(graph).union(*map(_inner_names, (*before, *after)))
    inner = _defined(branch).union(*map(_inner_names, branch.node))
    renamed = _fresh(sorted(_defined(branch)), taken, inner)
    bridges = []
    unbound = _outputs(branch.node)
    for value, name in zip(branch.output, node.output, strict=True):
        if value.name in unbound and name:
            renamed[value.name] = name
            unbound.remove(value.name)
        elif name:
            source = renamed.get(value.name, value.name)
            bridges.append(helper.make_node("Identity", [source], [name], name=name))
    inlined = [*(_renamed(each, renamed) for each in branch.node), *bridges]
    _name_apart(inlined, {each.name for each in (*before, *after)})
    for tensor in branch.initializer:
        graph.initializer.add().CopyFrom(tensor)
        graph.initializer[-1].name = renamed[tensor.name]
    for sparse in branch.sparse_initializer:
        graph.sparse_initializer.add().CopyFrom(sparse)
        graph.sparse_initializer[-1].values.name = renamed[sparse.values.name]
    _assign(graph.node, [*before, *inlined, *after])
