"""JSON text that keeps arrays and NaN: for predictions, targets and reports.

An array becomes `{"$array": dtype, "shape": […], "data": base64}`. Nothing that is read executes.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import StoreError

_MARK = "$array"
_KINDS = frozenset("biufcUSV")


def to_text(value: Any, *, where: str) -> str:
    """`value` as JSON text; numpy scalars become numbers, tuples become lists.

    Raises `StoreError` naming the type of a value that is neither plain data nor an array.
    """
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=_encode)
    except (TypeError, ValueError) as error:
        raise StoreError(
            f"a value is not plain data: {error}",
            where=where,
            fix="use numbers, strings, booleans, None, lists, mappings with string keys and arrays",
        ) from error


def from_text(text: str) -> Any:
    """The value that `to_text` wrote."""
    return json.loads(text, object_hook=_decode)


def dtype_name(array: NDArray[Any]) -> str:
    """Name that `named_dtype` understands: with its byte order, or `bfloat16` and its kin.

    Raises TypeError for arrays of Python objects and of records.
    """
    dtype = array.dtype
    if dtype.kind not in _KINDS or dtype.names is not None:
        raise TypeError(f"an array of {dtype} cannot be stored")
    return dtype.name if dtype.kind == "V" else dtype.str


def named_dtype(name: str) -> np.dtype[Any]:
    """The dtype called `name`."""
    if name[:1] in "<>|=":
        return np.dtype(name)
    import ml_dtypes

    dtype: np.dtype[Any] = np.dtype(getattr(ml_dtypes, name))
    return dtype


def from_bytes(data: bytes, dtype: str, shape: list[int]) -> NDArray[Any]:
    """The array with these bytes in C order."""
    return np.frombuffer(data, dtype=named_dtype(dtype)).reshape(shape).copy()


def _encode(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        data = base64.b64encode(value.tobytes()).decode()
        return {_MARK: dtype_name(value), "shape": list(value.shape), "data": data}
    raise TypeError(f"{type(value).__name__} {value!r:.60}")


def _decode(value: dict[str, Any]) -> Any:
    if _MARK not in value:
        return value
    return from_bytes(base64.b64decode(value["data"]), value[_MARK], value["shape"])
