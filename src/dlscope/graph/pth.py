"""`read_pth`: the tensors of a legacy torch checkpoint, read without torch and run by nothing.

The file is five pickles of protocol 2 (a magic number, a version, a header, the names and shapes
of the tensors, the list of storage keys), then for each key its element count (int64) and its
elements, back to back. A tensor is a storage seen through an offset, sizes and strides, all
counted in elements.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError
from dlscope.graph.inert_pickle import Name, Vocabulary, read_pickle

_PREFIX = b"\x80\x02\x8a\x0a"
_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_REBUILD = "torch._utils._rebuild_tensor_v2"
_DTYPES: Mapping[str, np.dtype[Any]] = {
    "torch.FloatStorage": np.dtype("<f4"),
    "torch.DoubleStorage": np.dtype("<f8"),
    "torch.HalfStorage": np.dtype("<f2"),
    "torch.LongStorage": np.dtype("<i8"),
    "torch.IntStorage": np.dtype("<i4"),
    "torch.ShortStorage": np.dtype("<i2"),
    "torch.CharStorage": np.dtype("i1"),
    "torch.ByteStorage": np.dtype("u1"),
    "torch.BoolStorage": np.dtype("?"),
}
# Tensors may share a storage, but a small file must not unfold into all of the memory.
_LARGEST_GROWTH = 4
_MOST_AXES = 32


class _Storage(NamedTuple):
    key: str
    kind: str
    elements: int

    @property
    def size_bytes(self) -> int:
        return self.elements * _DTYPES[self.kind].itemsize


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def size_bytes(self) -> int:
        return math.prod(self.size) * _DTYPES[self.storage.kind].itemsize


def read_pth(path: Path) -> dict[str, NDArray[Any]]:
    """The tensors of the legacy torch checkpoint `path` by name, each contiguous and its own copy.

    Raises `DataError` for a file of another form, one that names anything but tensors, and one
    whose counts, offsets, sizes or strides do not fit its bytes.
    """
    file = str(path)
    data = _read(path)
    start = _skip_header(data, file)
    tensors, start = read_pickle(data, start, _TENSORS, file)
    keys, start = read_pickle(data, start, Vocabulary(), file)
    _check_tensors(tensors, file)
    storages = _storages(tensors.values(), keys, file)
    buffers = _buffers(data, start, [storages[key] for key in keys], file)
    _check_fit(tensors, storages.values(), file)
    return {name: _array(tensor, buffers) for name, tensor in tensors.items()}


def _read(path: Path) -> memoryview:
    try:
        data = path.read_bytes()
    except OSError as error:
        what = f"the checkpoint cannot be read: {error.strerror}"
        raise DataError(what, where=str(path), fix="check the path") from error
    if data.startswith(b"PK\x03\x04"):
        raise DataError(
            "the checkpoint has torch's newer zip form, which is read only by torch",
            where=str(path),
            fix="convert it with torch to safetensors, or save it again with "
            "_use_new_zipfile_serialization=False",
        )
    return memoryview(data)


def _skip_header(data: memoryview, file: str) -> int:
    # The first bytes alone tell a file of another kind from a hostile one.
    magic, start = read_pickle(data, 0, Vocabulary(), file) if data[:4] == _PREFIX else (None, 0)
    if magic != _MAGIC:
        raise _broken("it does not begin with torch's magic number", file)
    version, start = read_pickle(data, start, Vocabulary(), file)
    if version != _VERSION:
        raise _broken(f"its version is not {_VERSION}", file)
    header, start = read_pickle(data, start, Vocabulary(), file)
    if not isinstance(header, dict) or header.get("little_endian") is not True:
        raise _broken("it is not little-endian", file)
    return start


def _check_tensors(tensors: object, file: str) -> None:
    if type(tensors) is not dict:
        raise _broken(f"it holds a {type(tensors).__name__}, not tensors by name", file)
    for name, tensor in tensors.items():
        if type(tensor) is not _Tensor:
            raise DataError(
                f"entry {name!r} is not a tensor",
                where=file,
                fix="save the state_dict alone, not the model or the state of its training",
            )


def _storages(tensors: Iterable[_Tensor], keys: object, file: str) -> dict[str, _Storage]:
    found: dict[str, _Storage] = {}
    for tensor in tensors:
        storage = tensor.storage
        if found.setdefault(storage.key, storage) != storage:
            raise _broken(f"storage {storage.key!r} is described in two ways", file)
    if type(keys) is not list or any(type(key) is not str for key in keys):
        raise _broken("its list of storages is not a list of keys", file)
    if len(set(keys)) < len(keys):
        raise _broken("its list of storages names a key twice", file)
    if odd := sorted(set(keys) ^ found.keys()):
        fault = "is listed but unused" if odd[0] in keys else "is used but not listed"
        raise _broken(f"storage {odd[0]!r} {fault}", file)
    return found


def _buffers(
    data: memoryview, start: int, storages: Iterable[_Storage], file: str
) -> dict[str, memoryview]:
    buffers = {}
    for storage in storages:
        count = int.from_bytes(data[start : start + 8], "little", signed=True)
        if start + 8 > len(data):
            raise _broken(f"it ends before storage {storage.key!r}", file)
        if count != storage.elements:
            said = f"has {count} elements, its tensors say {storage.elements}"
            raise _broken(f"storage {storage.key!r} {said}", file)
        start += 8
        if storage.size_bytes > len(data) - start:
            raise _broken(f"it ends within storage {storage.key!r}", file)
        buffers[storage.key] = data[start : start + storage.size_bytes]
        start += storage.size_bytes
    if start != len(data):
        raise _broken(f"{len(data) - start} bytes are left over at its end", file)
    return buffers


def _check_fit(tensors: Mapping[str, _Tensor], storages: Iterable[_Storage], file: str) -> None:
    for name, tensor in tensors.items():
        if fault := _misfit(tensor):
            raise _broken(f"tensor {name!r} {fault}", file)
    stored = sum(storage.size_bytes for storage in storages)
    unfolded = sum(tensor.size_bytes for tensor in tensors.values())
    if unfolded > _LARGEST_GROWTH * stored:
        raise _broken(f"its {stored} bytes of elements unfold into {unfolded}", file)


def _misfit(tensor: _Tensor) -> str:
    """Why the tensor does not fit its storage; empty when it fits."""
    if 0 in tensor.size:
        # numpy counts the other axes of an empty array all the same.
        return "has an impossible size" if math.prod(n or 1 for n in tensor.size) >> 48 else ""
    if math.prod(tensor.size) > tensor.storage.elements:
        return "has more elements than its storage"
    axes = zip(tensor.size, tensor.stride, strict=True)
    last = tensor.offset + sum((size - 1) * stride for size, stride in axes)
    return "" if last < tensor.storage.elements else "reaches beyond its storage"


def _array(tensor: _Tensor, buffers: Mapping[str, memoryview]) -> NDArray[Any]:
    dtype = _DTYPES[tensor.storage.kind]
    if 0 in tensor.size:
        return np.zeros(tensor.size, dtype)
    raw = np.dtype("u1") if dtype.kind == "b" else dtype
    axes = zip(tensor.size, tensor.stride, strict=True)
    seen: NDArray[Any] = np.ndarray(
        tensor.size,
        raw,
        buffer=buffers[tensor.storage.key],
        offset=tensor.offset * raw.itemsize,
        # The stride of an axis of one element is never used, and may be any number.
        strides=[stride * raw.itemsize if size > 1 else 0 for size, stride in axes],
    )
    return np.array(seen != 0 if dtype.kind == "b" else seen, dtype, order="C")


def _broken(fault: str, file: str) -> DataError:
    return DataError(
        f"the checkpoint cannot be read: {fault}",
        where=file,
        fix="fetch the file again and compare its SHA-256 with the publisher's",
    )


def _dictionary(arguments: tuple[Any, ...]) -> dict[str, Any]:
    if arguments:
        raise ValueError("an OrderedDict is made from arguments")
    return {}


def _storage(identifier: object) -> _Storage:
    match identifier:
        case ("storage", Name(kind), str(key), str(), elements, view) if kind in _DTYPES:
            if not _is_count(elements):
                raise ValueError(f"storage {key!r} has no count of elements")
            if view is not None:
                raise ValueError(f"storage {key!r} is a view of another, which is not supported")
            return _Storage(key, kind, elements)
    raise ValueError("a persistent id does not describe a storage")


def _tensor(arguments: tuple[Any, ...]) -> _Tensor:
    match arguments:
        case (_Storage() as storage, offset, tuple(size), tuple(stride), bool(), dict(hooks)):
            if hooks:
                raise ValueError("a tensor has hooks")
            if len(size) != len(stride) or len(size) > _MOST_AXES:
                raise ValueError(f"a tensor has {len(size)} sizes and {len(stride)} strides")
            if not all(_is_count(number) for number in (offset, *size, *stride)):
                raise ValueError("a tensor's offset, size or strides are not counts")
            return _Tensor(storage, offset, size, stride)
    raise ValueError(f"{_REBUILD} has other arguments than a tensor")


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < 1 << 63


_TENSORS = Vocabulary(
    calls={"collections.OrderedDict": _dictionary, _REBUILD: _tensor},
    names=frozenset(_DTYPES),
    persistent=_storage,
)
