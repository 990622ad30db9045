"""Files of labels in every format, made for a test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def palette_png(path: Path, ids) -> Path:
    """Ids with a palette, as GTA5 has them; the colors would mislead who looks at them."""
    picture = Image.fromarray(np.asarray(ids, dtype=np.uint8), mode="L").convert("P")
    picture.putdata(np.asarray(ids, dtype=np.uint8).ravel().tolist())
    picture.putpalette([255 - value for value in range(256) for _ in range(3)])
    return saved(path, picture)


def grey_png(path: Path, ids) -> Path:
    """Ids of 8 bits, as Cityscapes has them."""
    return saved(path, Image.fromarray(np.asarray(ids, dtype=np.uint8)))


def color_png(path: Path, pixels) -> Path:
    """Colors of 8 bits."""
    return saved(path, Image.fromarray(np.asarray(pixels, dtype=np.uint8)))


def synthia_png(path: Path, ids, instances=None) -> Path:
    """Three channels of 16 bits: the class in red, the instance in green."""
    import cv2

    red = np.asarray(ids, dtype=np.uint16)
    green = np.zeros_like(red) if instances is None else np.asarray(instances, dtype=np.uint16)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = cv2.imwrite(str(path), np.stack([np.zeros_like(red), green, red], axis=-1))
    assert written
    return path


def saved(path: Path, picture: Image.Image) -> Path:
    """The picture in a file, its folder made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)
    return path
