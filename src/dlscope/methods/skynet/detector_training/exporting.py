"""`export_detector`: a detector as an ONNX file and its manifest, to be measured like any other.

The file has one input, `image` [N, 3, H, W], and one output, the raw map `head` [N, 10, h, w]; N is
free. Normalisations are folded into the convolutions.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from dlscope.catalog.document import dump_manifest
from dlscope.core.errors import TrainingError
from dlscope.core.manifest import ModelManifest
from dlscope.core.manifest.base import parse_manifest
from dlscope.core.whole_file import write_whole
from dlscope.graph.builder import serialize
from dlscope.methods.skynet.detector_training.stored_detector import StoredDetector
from dlscope.methods.skynet.model_document import detector_document
from dlscope.zoo.skynet.folding import fold_bn
from dlscope.zoo.skynet.network import state_of
from dlscope.zoo.skynet.onnx_model import Lowering, onnx_model

MOST_DIFFERENT = 1e-4
_IMAGES = 3


def export_detector(
    detector: StoredDetector, path: Path, *, dataset: str = "", lowering: Lowering = "slices"
) -> tuple[Path, float]:
    """Write the ONNX file `path` and a manifest beside it; the manifest, and the difference seen.

    The difference is the largest of ONNX Runtime to torch on random images. Raises `TrainingError`
    where it is above 1e-4, and writes no manifest then. `dataset` is what it is evaluated on by
    default.
    """
    network = detector.network
    folded = fold_bn(state_of(network))
    model = onnx_model(folded, network.layout, act=network.act, lowering=lowering)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, serialize(model))
    difference = _difference(network, path)
    if difference > MOST_DIFFERENT:
        raise TrainingError(
            f"the exported network differs by {difference:.2g}",
            where=str(path),
            fix="report it with the weights and the versions of torch and ONNX Runtime",
        )
    return _write_manifest(detector, path, dataset), difference


def _difference(network: Any, path: Path) -> float:
    """How far ONNX Runtime is from torch, on images drawn from a fixed seed."""
    import onnxruntime

    height, width = network.layout.size
    draw = np.random.default_rng(0)
    images = draw.uniform(-2, 2, (_IMAGES, 3, height, width)).astype(np.float32)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = session.run(None, {"image": images})[0]
    with torch.no_grad():
        told = network(torch.from_numpy(images)).numpy()
    return float(np.abs(told - found).max())


def _write_manifest(detector: StoredDetector, model: Path, dataset: str) -> Path:
    layout = detector.network.layout
    document = detector_document(
        model,
        name=model.stem,
        size=layout.size,
        resize=detector.resize,
        anchors=detector.anchors,
        description=f"{detector.title}; the one surest box of an image.",
        dataset=dataset,
        attributes={
            "variant": layout.variant,
            "width": float(layout.width_mult),
            "parameters": layout.fused,
            **detector.told,
        },
    )
    manifest = parse_manifest(ModelManifest, document, lambda _: f"model {model.stem}")
    path = model.with_suffix(".yaml")
    write_whole(path, dump_manifest(manifest))
    return path
