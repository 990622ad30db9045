"""`model_document`: what makes an emitted ONNX file a model to be measured like any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dlscope.core.digest import file_digest
from dlscope.core.manifest import ModelManifest
from dlscope.core.manifest.base import parse_manifest
from dlscope.methods.codesign.float_model import INPUT, OUTPUT
from dlscope.methods.codesign.folded_network import FoldedNetwork

_COLORS = {1: "GRAY", 3: "RGB"}
_WHITE = 255


def model_document(
    network: FoldedNetwork, model: Path, *, name: str, dataset: str = ""
) -> dict[str, Any]:
    """The manifest, as plain data, of `network`, emitted as the file `model` beside it.

    Pictures of one or three channels are read as the search has read them: scaled to the size of
    the input by their area, and divided by 255. Other inputs are tensors as they are.
    """
    classes = network.layers[-1].shape.channels_out
    weights = sum(layer.shape.weights + layer.shape.channels_out for layer in network.layers)
    attributes: dict[str, Any] = {
        "family": "codesign",
        "parameters": weights,
        "macs": sum(layer.shape.macs for layer in network.layers),
    }
    document = {
        "kind": "model",
        "schema_version": 1,
        "name": name,
        "version": "1.0.0",
        "task": "image_classification",
        "description": f"A network found by co-design; bits of its layers: {_bits(network)}.",
        "license": "not stated",
        "assets": {
            "graph": {
                "source": f"file:{model.name}",
                "sha256": file_digest(model),
                "size_bytes": model.stat().st_size,
            }
        },
        "inputs": [_input(network)],
        "outputs": [
            {
                "name": "probabilities",
                "tensor": OUTPUT,
                "type": "classification",
                "element_type": "float32",
                "layout": "NK",
                "shape": ["N", classes],
                "postprocess": ["softmax", {"top_k": {"k": min(5, classes)}}],
            }
        ],
        "attributes": {"dataset": dataset, **attributes} if dataset else attributes,
    }
    parse_manifest(ModelManifest, document, lambda _: f"model {name}")
    return document


def _input(network: FoldedNetwork) -> dict[str, Any]:
    channels, height, width = network.input
    tensor: dict[str, Any] = {
        "name": "image",
        "tensor": INPUT,
        "type": "tensor",
        "element_type": "float32",
        "layout": "NCHW",
        "shape": ["N", channels, height, width],
    }
    color = _COLORS.get(channels)
    if color is None:
        return tensor
    steps = [
        {"decode": {"color": color}},
        {"resize": {"size": [height, width], "mode": "exact", "method": "area"}},
        {"cast": {"to": "float32"}},
        {"normalize": {"mean": 0, "scale": _WHITE}},
        {"transpose": {"to": "NCHW"}},
    ]
    return {**tensor, "type": "image", "color_mode": color, "preprocess": steps}


def _bits(network: FoldedNetwork) -> str:
    return ", ".join(sorted({str(layer.precision) for layer in network.layers}))
