"""`Detector`: a SkyNet as it is deployed, from one of three kinds of file.

    dac.weights     the authors' weights, whose filter is known
    NAME.yaml       a manifest, which says filter, size and anchors
    NAME.onnx       a graph with NAME.yaml beside it, or with a filter that is told; of a folder
                    that a training left, the graph in it

Letters: B images, C channels, h, w the map of the head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast, final, get_args

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # no stubs
from onnx import numpy_helper

from dlscope.catalog.assets import fetch
from dlscope.catalog.finder import find, names
from dlscope.core.errors import DataError, GraphError
from dlscope.core.manifest import ModelManifest
from dlscope.graph.builder import serialize
from dlscope.methods.skynet.anchors import scaled_anchors
from dlscope.methods.skynet.decoding import ANCHORS, PARTS
from dlscope.methods.skynet.hdf5 import SIGNATURE
from dlscope.methods.skynet.preparing import Resize
from dlscope.methods.skynet.released_weights import released_state
from dlscope.zoo.skynet.folding import Folded, FoldedBundle, fold_bn
from dlscope.zoo.skynet.layout import SIZE, Layout, require_size
from dlscope.zoo.skynet.onnx_model import onnx_model

TRAINED = "skynet.onnx"
"""The graph that a training leaves in its folder."""
_PARTS = ("depthwise.weight", "depthwise.bias", "pointwise.weight", "pointwise.bias")
Anchors = tuple[tuple[float, float], ...]


@final
@dataclass(frozen=True)
class Detector:
    """A graph `image` B×3×H×W → map of the head, and all that its boxes depend on.

    `size` is (height, width), `anchors` are in cells of the map, `path` is where it came from.
    """

    path: Path
    graph: onnx.ModelProto
    size: tuple[int, int]
    resize: Resize
    anchors: Anchors = ANCHORS

    @property
    def input(self) -> str:
        """The name of the tensor of the images."""
        return str(self.graph.graph.input[0].name)

    @property
    def output(self) -> str:
        """The name of the tensor of the head."""
        return str(self.graph.graph.output[0].name)

    @property
    def act(self) -> str:
        """The activation behind each convolution but the head."""
        kinds = {node.op_type for node in self.graph.graph.node}
        return "relu6" if "Clip" in kinds else "relu"

    @property
    def content(self) -> bytes:
        """The graph as a file."""
        return serialize(self.graph)

    def with_graph(self, graph: onnx.ModelProto) -> Detector:
        """The same with another graph."""
        return replace(self, graph=graph)

    def folded(self) -> Folded:
        """The weights of the graph, by the names that `onnx_model` writes.

        Raises `GraphError` for a graph that `onnx_model` has not written, or with a reorder that
        was absorbed: its arrays are not those of bundles.
        """
        arrays = {each.name: each for each in self.graph.graph.initializer}

        def array(name: str) -> Any:
            if name not in arrays:
                raise GraphError(
                    f"there is no array {name!r}, so the weights of bundles cannot be told",
                    where=str(self.path),
                    fix="give float weights, or a graph that `skynet export` or `skynet train` "
                    "wrote, without --reorder absorb",
                )
            return numpy_helper.to_array(arrays[name]).astype(np.float32)

        numbers = {name.partition(".")[0] for name in arrays if name.startswith("bundle")}
        bundles = tuple(
            FoldedBundle(*(array(f"bundle{number}.{part}") for part in _PARTS))
            for number in range(1, max(len(numbers), 1) + 1)
        )
        return Folded(bundles, array("head.weight"))


def load_detector(source: str | Path, *, resize: Resize | None = None) -> Detector:
    """The detector in a file of weights, a manifest or a graph, or a model of the catalog by name.

    `resize` goes before what the file says. Raises `DataError` for a file that is none of them and
    for a graph whose filter is not known, `GraphError` for one that is no SkyNet.
    """
    path = Path(source)
    path = path / TRAINED if path.is_dir() else path
    if path.suffix in (".yaml", ".yml") or (not path.exists() and str(source) in names("model")):
        return _of_manifest(str(source), resize)
    content = _content(path)
    if content.startswith(SIGNATURE):
        return _of_weights(path, resize or "nearest")
    beside = path.with_suffix(".yaml")
    if beside.is_file() and resize is None:
        return _of_manifest(str(beside), resize)
    if resize is None:
        raise DataError(
            "a graph does not tell the filter that its images were resized with",
            where=str(path),
            fix=f"say it, such as --resize nearest, or put {beside.name} beside the graph",
        )
    return _of_graph(path, content, resize, None)


def _of_weights(path: Path, resize: Resize) -> Detector:
    folded = fold_bn(released_state(path))
    return Detector(path, onnx_model(folded, Layout("C")), SIZE, resize)


def _of_manifest(name: str, resize: Resize | None) -> Detector:
    manifest = find("model", name)
    assert isinstance(manifest, ModelManifest)
    graph = fetch(manifest).paths["graph"]
    steps = {step.name: step.parameters for step in manifest.inputs[0].preprocess}
    after = {step.name: step.parameters for step in manifest.prediction.postprocess}
    if "skynet_boxes" not in after or "method" not in steps.get("resize", {}):
        raise DataError(
            "the manifest is not that of a SkyNet",
            where=name,
            fix="name a method of resize and the step skynet_boxes",
        )
    method = resize or steps["resize"]["method"]
    if method not in get_args(Resize):
        raise DataError(
            f"images cannot be resized by {method!r} here",
            where=f"{name}, inputs[0].preprocess",
            fix=f"use one of {', '.join(get_args(Resize))}",
        )
    anchors = after["skynet_boxes"].get("anchors", ANCHORS)
    return _of_graph(graph, _content(graph), cast("Resize", method), anchors)


def _of_graph(
    path: Path, content: bytes, resize: Resize, anchors: Sequence[Sequence[float]] | None
) -> Detector:
    try:
        graph = onnx.load_model_from_string(content)
        onnx.checker.check_model(graph)
    except (DecodeError, onnx.checker.ValidationError) as error:
        raise DataError(
            "the file is neither weights of SkyNet nor an ONNX graph",
            where=str(path),
            fix="give the authors' file of weights, an ONNX file or a manifest",
        ) from error
    height, width = _image_size(graph, path)
    require_size((height, width))
    found = anchors or scaled_anchors((height, width))
    pairs = tuple((float(a), float(b)) for a, b in found)
    _require_head(graph, path, PARTS * len(pairs))
    return Detector(path, graph, (height, width), resize, pairs)


def _image_size(graph: onnx.ModelProto, path: Path) -> tuple[int, int]:
    constants = {each.name for each in graph.graph.initializer}
    inputs = [each for each in graph.graph.input if each.name not in constants]
    shapes = [[dim.dim_value for dim in each.type.tensor_type.shape.dim] for each in inputs]
    if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][1] != 3 or 0 in shapes[0][2:]:
        raise GraphError(
            "the graph does not take images N×3×H×W of one size",
            where=str(path),
            fix="export a SkyNet for a size",
        )
    return shapes[0][2], shapes[0][3]


def _require_head(graph: onnx.ModelProto, path: Path, channels: int) -> None:
    shape = [dim.dim_value for dim in graph.graph.output[0].type.tensor_type.shape.dim]
    if len(shape) != 4 or shape[1] != channels:
        raise GraphError(
            f"the graph does not give the map of a head with {channels} channels",
            where=str(path),
            fix="export a SkyNet with its head, and name its anchors in the manifest",
        )


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror}",
            where=str(path),
            fix="name an existing file of weights, graph or manifest",
        ) from error
