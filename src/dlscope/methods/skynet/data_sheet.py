"""`sheet`: a few images of a set side by side, each with the boxes of its objects."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from dlscope.core.report import Picture
from dlscope.data.uav_image import Box
from dlscope.reporting.words import plural

MOST_SHOWN = 12
_COLUMNS, _TILE, _GAP = 4, (320, 180), 6
_FRAME, _PAPER, _MARGIN, _QUALITY = (226, 28, 28), (255, 255, 255), 2, 88


@final
@dataclass(frozen=True)
class Shown:
    """An image [H, W, 3] and its boxes."""

    image_hwc: NDArray[np.uint8]
    boxes: tuple[Box, ...]


def sheet(shown: Sequence[Shown]) -> Picture:
    """At most twelve images, four in a row, as one picture."""
    tiles = [_tile(each) for each in shown[:MOST_SHOWN]]
    rows = -(-len(tiles) // _COLUMNS)
    columns = min(_COLUMNS, len(tiles))
    step = (_TILE[0] + _GAP, _TILE[1] + _GAP)
    whole = Image.new("RGB", (columns * step[0] - _GAP, rows * step[1] - _GAP), _PAPER)
    for place, tile in enumerate(tiles):
        whole.paste(tile, (place % _COLUMNS * step[0], place // _COLUMNS * step[1]))
    buffer = io.BytesIO()
    whole.save(buffer, "JPEG", quality=_QUALITY)
    return Picture(
        "sheet",
        "What is to be seen",
        buffer.getvalue(),
        alt=f"The first {plural(len(tiles), 'image')}, with a frame about each object",
        caption="In red the boxes, drawn just outside of the objects.",
    )


def _tile(shown: Shown) -> Image.Image:
    """The image in a tile of its own, not stretched, with its boxes."""
    height, width = shown.image_hwc.shape[:2]
    scale = min(_TILE[0] / width, _TILE[1] / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = Image.fromarray(shown.image_hwc).resize(size, Image.Resampling.BOX)
    pen = ImageDraw.Draw(small)
    for x_min, y_min, x_max, y_max in shown.boxes:
        corners = [scale * x_min - _MARGIN, scale * y_min - _MARGIN]
        corners += [scale * x_max + _MARGIN - 1, scale * y_max + _MARGIN - 1]
        pen.rectangle(corners, outline=_FRAME)
    tile = Image.new("RGB", _TILE, _PAPER)
    tile.paste(small, ((_TILE[0] - size[0]) // 2, (_TILE[1] - size[1]) // 2))
    return tile
