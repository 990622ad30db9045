"""An existing ONNX network with free axes in place of the sizes it was exported with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import onnx

from dlscope.core.errors import GraphError, ShapeError, did_you_mean
from dlscope.graph.builder import check, serialize
from dlscope.graph.signature import read_signature
from dlscope.zoo.network import require_weights

# Since this form of file, a weight need not be listed among the inputs as well.
_FIRST_IR_WITH_PLAIN_WEIGHTS = 4


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file `weights` with the axes of its inputs rewritten.

    `options` gives the axes of an input by its name: `{"input.1": "N,3,H,W"}`; a number is a
    fixed size, a word names a free one. Inputs not given stay as they are; outputs become free in
    every axis, and recorded shapes of inner values are dropped. Weights that old files list among
    the inputs are taken off that list, so that frameworks treat them as constants. Sizes that the
    nodes themselves hold, such as the target of a Reshape, are not touched.

    Raises `GraphError` for an unknown input, an axis that is neither, and a graph that is not
    valid with the new axes; `ShapeError` for another number of axes than the input has.
    """
    weights = require_weights("dynamic_axes", weights)
    read_signature(weights)  # refuses what is not a network of tensors
    model = onnx.load(weights, format="protobuf")
    _drop_listed_weights(model)
    names = [value.name for value in model.graph.input]
    for name, axes in options.items():
        if name not in names:
            raise GraphError(
                f"the model has no input {name!r}",
                where=str(weights),
                fix=did_you_mean(name, names),
            )
        _set_axes(model.graph.input[names.index(name)], axes.split(","), str(weights))
    for output in model.graph.output:
        for dimension in output.type.tensor_type.shape.dim:
            dimension.Clear()
    del model.graph.value_info[:]
    check(model, where=str(weights))
    return serialize(model)


def _drop_listed_weights(model: onnx.ModelProto) -> None:
    weights = {tensor.name for tensor in model.graph.initializer}
    kept = [value for value in model.graph.input if value.name not in weights]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    model.ir_version = max(model.ir_version, _FIRST_IR_WITH_PLAIN_WEIGHTS)


def _set_axes(value: onnx.ValueInfoProto, axes: list[str], where: str) -> None:
    dimensions = value.type.tensor_type.shape.dim
    if len(axes) != len(dimensions):
        raise ShapeError(
            f"input {value.name!r} has {len(dimensions)} axes, {','.join(axes)!r} has {len(axes)}",
            where=where,
            fix="give one size or name for each axis, such as N,3,H,W",
        )
    for dimension, axis in zip(dimensions, axes, strict=True):
        dimension.Clear()
        if re.fullmatch(r"[1-9][0-9]{0,8}", axis):
            dimension.dim_value = int(axis)
        elif re.fullmatch(r"[A-Za-z_]\w*", axis, re.ASCII):
            dimension.dim_param = axis
        else:
            raise GraphError(
                f"{axis!r} is not an axis of input {value.name!r}",
                where=where,
                fix="use a number for a fixed size or a word for a free one, such as N,3,H,W",
            )
