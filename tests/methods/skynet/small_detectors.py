"""Small SkyNets with drawn weights, and image files for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from dlscope.methods.skynet.detector_file import Detector
from dlscope.zoo.skynet.folding import Folded, FoldedBundle
from dlscope.zoo.skynet.layout import Layout
from dlscope.zoo.skynet.onnx_model import onnx_model

SMALL = Layout("C", 0.25, (32, 64))


def drawn_weights(layout: Layout = SMALL, seed: int = 0) -> Folded:
    """Folded weights as they are at the start of a training."""
    draw = np.random.default_rng(seed)

    def array(*shape: int) -> np.ndarray:
        scale = np.sqrt(2 / np.prod(shape[1:])) if len(shape) > 1 else 0.1
        return draw.normal(0, scale, shape).astype(np.float32)

    *layers, head = layout.layers
    bundles = []
    for spread, mixed in zip(layers[0::2], layers[1::2], strict=True):
        count, last = spread.channels_out, mixed.channels_out
        bundles.append(
            FoldedBundle(array(count, 1, 3, 3), array(count), array(last, count, 1, 1), array(last))
        )
    return Folded(tuple(bundles), array(head.channels_out, head.channels_in, 1, 1))


def small_detector(layout: Layout = SMALL, seed: int = 0, act: str = "relu6") -> Detector:
    graph = onnx_model(drawn_weights(layout, seed), layout, act=act)
    return Detector(Path("small.onnx"), graph, layout.size, "nearest")


def write_photographs(folder: Path, count: int, size: tuple[int, int] = (96, 54)) -> None:
    """JPEG files of soft noise, two of a sub-category."""
    draw = np.random.default_rng(0)
    for index in range(count):
        path = folder / f"car{index // 2 + 1}" / f"{index:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        small = draw.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(small).resize(size, Image.Resampling.BICUBIC).save(path)
