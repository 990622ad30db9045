"""Frames to and from the worker of an isolated stack: a JSON header and the bytes of its tensors.

The other end, in `worker`, is written anew: it must not need anything of dlscope.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

Header = Mapping[str, Any]
Arrays = Mapping[str, NDArray[Any]]
_LENGTH = struct.Struct(">I")


def write_frame(sink: IO[bytes], header: Header, tensors: Arrays) -> None:
    """One frame; the tensors follow in their order, row by row."""
    flat = {name: np.asarray(value, order="C") for name, value in tensors.items()}
    listed = [(name, value.dtype.str, value.shape) for name, value in flat.items()]
    text = json.dumps({**header, "tensors": listed}).encode()
    sink.write(_LENGTH.pack(len(text)) + text)
    for value in flat.values():
        sink.write(value.reshape(-1).view(np.uint8).data)
    sink.flush()


def read_frame(source: IO[bytes]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
    """The next header with its tensors, by name; None when the other end is gone."""
    start = source.read(_LENGTH.size)
    if len(start) < _LENGTH.size:
        return None
    header = json.loads(source.read(_LENGTH.unpack(start)[0]))
    tensors = {}
    for name, dtype, shape in header.pop("tensors"):
        tensor = np.empty(shape, np.dtype(dtype))
        if not _filled(source, tensor.reshape(-1).view(np.uint8).data):
            return None
        tensors[name] = tensor
    return header, tensors


def _filled(source: IO[bytes], place: memoryview) -> bool:
    done = 0
    while done < len(place):
        read: int = source.readinto(place[done:])  # type: ignore[attr-defined]  # a buffered pipe
        if not read:
            return False
        done += read
    return True
