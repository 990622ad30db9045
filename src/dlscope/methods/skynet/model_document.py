"""`detector_document`: what makes an ONNX file of a SkyNet a model to be measured like any other.

The filter of the resize and the anchors are part of it: another filter finds other objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dlscope.catalog.document import dump_manifest
from dlscope.core.digest import file_digest
from dlscope.core.manifest import ModelManifest
from dlscope.core.manifest.base import parse_manifest
from dlscope.core.whole_file import write_whole
from dlscope.methods.skynet.decoding import ANCHORS, PARTS
from dlscope.methods.skynet.detector_file import Detector
from dlscope.methods.skynet.preparing import Resize

IMAGE, HEAD, STRIDE = "image", "head", 8
_MIDDLE, _QUARTER = 127.5, 63.75
"""(x / 255 − 0.5) / 0.25, of bytes."""


def write_detector(
    model: Path,
    detector: Detector,
    *,
    description: str = "SkyNet, a tiny detector of one object.",
    dataset: str = "",
    attributes: Mapping[str, str | int | float | bool] | None = None,
) -> Path:
    """Write a detector as the ONNX file `model`, and a manifest beside it, whose path is returned.

    Raises `FileError` where they cannot be written.
    """
    write_whole(model, detector.content)
    document = detector_document(
        model,
        name=model.stem,
        size=detector.size,
        resize=detector.resize,
        anchors=detector.anchors,
        input=detector.input,
        output=detector.output,
        description=description,
        dataset=dataset,
        attributes=attributes,
    )
    beside = model.with_suffix(".yaml")
    manifest = parse_manifest(ModelManifest, document, lambda _: f"model {model.stem}")
    write_whole(beside, dump_manifest(manifest))
    return beside


def detector_document(
    model: Path,
    *,
    name: str,
    size: tuple[int, int],
    resize: Resize,
    anchors: Sequence[tuple[float, float]] = ANCHORS,
    input: str = IMAGE,
    output: str = HEAD,
    description: str = "SkyNet, a tiny detector of one object.",
    dataset: str = "",
    attributes: Mapping[str, str | int | float | bool] | None = None,
) -> dict[str, Any]:
    """The manifest, as plain data, of the file `model` beside it; `size` is (height, width).

    Raises `ManifestError` for a `name` or an `attribute` that a manifest cannot have.
    """
    known = {"dataset": dataset} if dataset else {}
    document = {
        "kind": "model",
        "schema_version": 1,
        "name": name,
        "version": "1.0.0",
        "task": "object_detection",
        "description": description,
        "license": "not stated",
        "references": ["arxiv:1909.09709"],
        "assets": {
            "graph": {
                "source": f"file:{model.name}",
                "sha256": file_digest(model),
                "size_bytes": model.stat().st_size,
            }
        },
        "inputs": [_input(input, size, resize)],
        "outputs": [_output(output, size, anchors)],
        "attributes": {**known, "family": "cnn", **(attributes or {})},
    }
    parse_manifest(ModelManifest, document, lambda _: f"model {name}")
    return document


def _input(tensor: str, size: tuple[int, int], resize: Resize) -> dict[str, Any]:
    height, width = size
    return {
        "name": IMAGE,
        "tensor": tensor,
        "type": "image",
        "element_type": "float32",
        "layout": "NCHW",
        "shape": ["N", 3, height, width],
        "color_mode": "RGB",
        "preprocess": [
            {"decode": {"color": "RGB"}},
            {"resize": {"size": [height, width], "mode": "exact", "method": resize}},
            {"cast": {"to": "float32"}},
            {"normalize": {"mean": _MIDDLE, "scale": _QUARTER}},
            {"transpose": {"to": "NCHW"}},
        ],
    }


def _output(
    tensor: str, size: tuple[int, int], anchors: Sequence[tuple[float, float]]
) -> dict[str, Any]:
    height, width = size
    return {
        "name": "object",
        "tensor": tensor,
        "type": "bounding_box",
        "element_type": "float32",
        "layout": "NCHW",
        "shape": ["N", PARTS * len(anchors), height // STRIDE, width // STRIDE],
        "postprocess": [{"skynet_boxes": {"anchors": [list(each) for each in anchors]}}],
    }
