"""Attributes of layers as plain data without names, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray

from dlscope.core.errors import UnsupportedOp
from dlscope.graph.body import body_from_text, body_text
from dlscope.graph.ir import Attribute

Plain: TypeAlias = Any
"""int, float, str, a list of these, or a mapping that says what it stands for."""

_EMPTY: Mapping[str, int] = {}


def plain_attributes(
    attributes: Mapping[str, Attribute], places: Mapping[str, int] = _EMPTY, *, where: str = ""
) -> dict[str, Plain]:
    """Attributes as JSON can hold them; `places` numbers the tensors that bodies take.

    An array becomes `{"array": dtype, "shape": …, "value": …}`, the body of a loop `{"body": …}`,
    a number that JSON lacks `{"float": "inf"}`. Raises `UnsupportedOp` for what none of these is.
    """
    return {name: _plain(value, places, where) for name, value in attributes.items()}


def attributes_of(plain: Mapping[str, Plain]) -> dict[str, Attribute]:
    """What `plain_attributes` was given; bodies as graphs whose weights are drawn."""
    return {name: _attribute(value) for name, value in plain.items()}


def _plain(value: Attribute, places: Mapping[str, int], where: str) -> Plain:
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(value)}
    if isinstance(value, str | int | float):
        return value
    if isinstance(value, tuple):
        return [_plain(each, places, where) for each in value]
    if isinstance(value, np.ndarray) and value.dtype != object:
        return _plain_array(value)
    if isinstance(value, onnx.GraphProto):
        return {"body": body_text(value, places)}
    raise UnsupportedOp(
        f"an attribute of type {type(value).__name__} cannot be written into a benchmark",
        where=where,
        fix="leave this model out",
    )


def _plain_array(array: NDArray[Any]) -> Plain:
    flat = array.astype(np.float64) if array.dtype.kind not in "iubf" else array
    listed = [_plain(each, _EMPTY, "") for each in flat.reshape(-1).tolist()]
    return {"array": array.dtype.name, "shape": list(array.shape), "value": listed}


def _attribute(plain: Plain) -> Attribute:
    if isinstance(plain, list):
        return tuple(_attribute(each) for each in plain)
    if isinstance(plain, str | int | float):
        return plain
    if not isinstance(plain, Mapping):
        raise TypeError(f"{plain!r} is no attribute")
    if "float" in plain:
        return float(plain["float"])
    if "body" in plain:
        return body_from_text(plain["body"])
    values = [_attribute(each) for each in plain["value"]]
    return np.array(values, dtype=plain["array"]).reshape(plain["shape"])
