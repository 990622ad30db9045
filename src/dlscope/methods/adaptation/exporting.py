"""`export`: a trained network as an ONNX file that says what it is, to be measured like any other.

The file has one input, `image` [N, 3, H, W], and one output, `logits` [N, 19, H, W]. N is free, H
and W are any multiples of 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
import yaml

from dlscope.core.digest import file_digest
from dlscope.core.errors import TrainingError
from dlscope.core.manifest import ModelManifest
from dlscope.core.manifest.base import parse_manifest
from dlscope.training.torch_onnx import onnx_program
from dlscope.zoo.segmenter.segmenter import CLASSES, Segmenter

_TRIALS = 4
_SIDES = 8
MOST_DIFFERENT, LEAST_EQUAL = 1e-4, 0.9999


@final
@dataclass(frozen=True)
class Parity:
    """How far ONNX Runtime is from torch: the largest difference, the share of equal classes."""

    difference: float
    equal: float


def export(network: Segmenter, path: Path, size: tuple[int, int]) -> Parity:
    """Write `network` to `path` and hold it against torch on images of `size` (width, height).

    Raises `TrainingError` where they disagree, `PluginError` without the exporter.
    """
    width, height = size
    example = torch.zeros(2, 3, height, width)
    sides = [_SIDES * torch.export.Dim(name, min=8, max=512) for name in ("rows", "columns")]
    free = {"image": {0: torch.export.Dim("N"), 2: sides[0], 3: sides[1]}}
    program = onnx_program(
        _Whole(network).eval(), (example,), inputs=["image"], outputs=["logits"], free=free
    )
    program.save(str(path))
    parity = compared(network, path, size)
    if parity.difference > MOST_DIFFERENT or parity.equal < LEAST_EQUAL:
        raise TrainingError(
            f"the exported network differs by {parity.difference:.2g}, "
            f"{100 * parity.equal:.3f} % of the classes are equal",
            where=str(path),
            fix="report it with the network and the versions of torch and ONNX Runtime",
        )
    return parity


def compared(network: Segmenter, path: Path, size: tuple[int, int]) -> Parity:
    """ONNX Runtime beside torch, on four random images."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    whole, draw = _Whole(network).eval(), np.random.default_rng(0)
    width, height = size
    differences, equal = [], []
    for _ in range(_TRIALS):
        images = draw.normal(size=(1, 3, height, width)).astype(np.float32)
        with torch.no_grad():
            told = whole(torch.from_numpy(images)).numpy()
        found = session.run(None, {"image": images})[0]
        differences.append(float(np.abs(told - found).max()))
        equal.append(float((told.argmax(axis=1) == found.argmax(axis=1)).mean()))
    return Parity(max(differences), float(np.mean(equal)))


def write_manifest(
    network: Segmenter, model: Path, size: tuple[int, int], *, name: str, described: str
) -> Path:
    """The manifest beside the file `model`: how images become its input, and masks its output."""
    width, height = size
    document = {
        "kind": "model",
        "schema_version": 1,
        "name": name,
        "version": "1.0.0",
        "task": "semantic_segmentation",
        "description": described,
        "license": "not stated",
        "assets": {
            "graph": {
                "source": f"file:{model.name}",
                "sha256": file_digest(model),
                "size_bytes": model.stat().st_size,
            }
        },
        "inputs": [_input(network, height, width)],
        "outputs": [
            {
                "name": "mask",
                "tensor": "logits",
                "type": "semantic_segment",
                "element_type": "float32",
                "layout": "NKHW",
                "shape": ["N", CLASSES, height, width],
                "postprocess": ["argmax", "resize_mask"],
            }
        ],
        "attributes": {
            "family": "segmenter",
            "network": network.name,
            "parameters": sum(value.numel() for value in network.parameters()),
        },
    }
    parse_manifest(ModelManifest, document, lambda _: f"model {name}")
    path = model.with_suffix(".yaml")
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path


def _input(network: Segmenter, height: int, width: int) -> dict[str, Any]:
    color = "BGR" if network.is_bgr else "RGB"
    return {
        "name": "image",
        "tensor": "image",
        "type": "image",
        "element_type": "float32",
        "layout": "NCHW",
        "shape": ["N", 3, height, width],
        "color_mode": color,
        "preprocess": [
            {"decode": {"color": color}},
            {"resize": {"size": [height, width], "mode": "exact", "method": "area"}},
            {"cast": {"to": "float32"}},
            {"normalize": {"mean": list(network.mean), "scale": 1 / network.scale}},
            {"transpose": {"to": "NCHW"}},
        ],
    }


@final
class _Whole(torch.nn.Module):
    """The network with its logits enlarged to the size of the image."""

    def __init__(self, network: Segmenter) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Any) -> Any:
        return self.network.enlarged(self.network(image)[1], (image.shape[2], image.shape[3]))
