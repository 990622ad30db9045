"""`read_initializers`: the weights of an ONNX model as arrays, copied once or not at all."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from dlscope.core.errors import GraphError
from dlscope.graph.ir import dtype_bits
from dlscope.graph.program import dtype_name

_FIX = "fetch the model again, together with the files that belong to it"


def read_initializers(
    model: onnx.ModelProto, folder: Path | None, where: str
) -> tuple[dict[str, NDArray[Any]], list[Path]]:
    """The initialisers of the outermost graph by name, and the files that hold some of them.

    Weights in files beside the model are mapped, not read. Raises `GraphError` for one in a file
    that is not within `folder`, for one without its bytes or with too many, and for a sparse one.
    """
    if model.graph.sparse_initializer:
        _refuse(
            f"weight {model.graph.sparse_initializer[0].values.name!r} is sparse",
            where,
            "export the model with dense weights",
        )
    files = _WeightFiles(folder, where)
    arrays = {tensor.name: _array(tensor, files, where) for tensor in model.graph.initializer}
    return arrays, sorted(files.maps)


def weight_files(path: Path) -> list[Path]:
    """The files beside the ONNX model `path` that hold some of its weights, sorted.

    They are not read. Raises `GraphError` as `read_initializers` does.
    """
    model = onnx.load(path, format="protobuf", load_external_data=False)
    files = _WeightFiles(path.parent, str(path))
    return sorted({files.place(tensor) for tensor in _kept_beside(model.graph)})


def _kept_beside(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Tensors in files of their own, those of branches and loop bodies too."""
    attributes = [attribute for node in graph.node for attribute in node.attribute]
    given = [attribute.t for attribute in attributes if attribute.HasField("t")]
    for tensor in (*graph.initializer, *given):
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            yield tensor
    for attribute in attributes:
        for body in [attribute.g] if attribute.HasField("g") else attribute.graphs:
            yield from _kept_beside(body)


def _array(tensor: onnx.TensorProto, files: _WeightFiles, where: str) -> NDArray[Any]:
    try:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            return files.array(tensor)
        array: NDArray[Any] = numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError) as error:
        _refuse(f"weight {tensor.name!r} cannot be read: {error}", where)
    return array


class _WeightFiles:
    """The files beside a model, each mapped once."""

    def __init__(self, folder: Path | None, where: str) -> None:
        self.maps: dict[Path, NDArray[np.uint8]] = {}
        self._folder = folder
        self._where = where

    def array(self, tensor: onnx.TensorProto) -> NDArray[Any]:
        entries = {entry.key: entry.value for entry in tensor.external_data}
        data = self._map(self.place(tensor))
        dtype = dtype_name(tensor.data_type)
        size = -(-math.prod(tensor.dims) * dtype_bits(dtype) // 8)
        offset = int(entries.get("offset", 0))
        if offset < 0 or int(entries.get("length", size)) != size or offset + size > data.size:
            _refuse(f"weight {tensor.name!r} does not fit the bytes of its file", self._where)
        content = data[offset : offset + size]
        if dtype_bits(dtype) % 8:
            packed = onnx.TensorProto(data_type=tensor.data_type, dims=tensor.dims)
            packed.raw_data = content.tobytes()
            unpacked: NDArray[Any] = numpy_helper.to_array(packed)
            return unpacked
        stored: np.dtype[Any] = helper.tensor_dtype_to_np_dtype(tensor.data_type)
        return content.view(stored).reshape(tensor.dims)

    def place(self, tensor: onnx.TensorProto) -> Path:
        """The file that holds `tensor`. Refuses one that is not there, or not beside the model."""
        name = tensor.name
        entries = {entry.key: entry.value for entry in tensor.external_data}
        location: str = entries.get("location", "")
        if self._folder is None:
            _refuse(
                f"weight {name!r} is in the file {location!r}",
                self._where,
                "give the path of the model in place of the loaded model",
            )
        folder = self._folder.resolve()
        path = (folder / location).resolve()
        if not location or not path.is_relative_to(folder):
            _refuse(f"weight {name!r} is in {location!r}, not beside the model", self._where)
        if not path.is_file():
            _refuse(f"weight {name!r} is in {location!r}, which does not exist", self._where)
        return path

    def _map(self, path: Path) -> NDArray[np.uint8]:
        if path not in self.maps:
            self.maps[path] = _mapped(path)
        return self.maps[path]


def _mapped(path: Path) -> NDArray[np.uint8]:
    if not path.stat().st_size:  # nothing can be mapped
        return np.empty(0, np.uint8)
    return np.asarray(np.memmap(path, dtype=np.uint8, mode="r"))


def _refuse(what: str, where: str, fix: str = _FIX) -> NoReturn:
    raise GraphError(what, where=where, fix=fix)
