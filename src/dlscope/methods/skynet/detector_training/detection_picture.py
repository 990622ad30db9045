"""Detections drawn on their images: from the worst to the best, so that nothing is picked."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dlscope.core.report import Picture
from dlscope.methods.skynet.detection_scores import DetectionScores
from dlscope.methods.skynet.prepared_images import PreparedImages

_COLUMNS, _ROWS = 4, 3
_WIDTH, _GAP = 320, 6
_TEXT = 13
_TRUTH, _FOUND, _PAPER, _INK = (255, 255, 255), (230, 90, 20), (255, 255, 255), (20, 24, 28)


def detection_picture(
    scores: DetectionScores, images: PreparedImages, *, name: str = "detections", title: str = ""
) -> Picture:
    """Twelve images at even steps of overlap: the true box in white, the found one in orange."""
    order = np.argsort(scores.iou_m, kind="stable")
    count = min(_COLUMNS * _ROWS, len(order))
    chosen = order[np.linspace(0, len(order) - 1, count).round().astype(int)]
    tiles = [_tile(scores, int(place), images) for place in chosen]
    overlaps = ", ".join(f"{scores.iou_m[place]:.2f}" for place in chosen)
    return Picture(
        name,
        title or "From the worst to the best",
        _png(_grid(tiles)),
        f"{count} images with the true box and the one found; overlaps {overlaps}",
        "White is the true box, orange the one found. Images at even steps of overlap, from the "
        "worst to the best of all.",
    )


def _tile(scores: DetectionScores, place: int, images: PreparedImages) -> Image.Image:
    index = images.names.index(scores.names[place])
    height, width = images.size
    size = (_WIDTH, round(_WIDTH * height / width))
    tile = Image.fromarray(images.pixels_nhwc[index]).resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(tile)
    _draw_box(draw, scores.boxes_m4[place], size, _FOUND, width=2)
    _draw_box(draw, scores.truth_m4[place], size, _TRUTH, width=1)
    told = f"IoU {scores.iou_m[place]:.2f}  {scores.names[place]}"
    font = ImageFont.load_default(_TEXT)
    left, top, right, bottom = draw.textbbox((4, 3), told, font=font)
    draw.rectangle((left - 4, top - 3, right + 4, bottom + 3), fill=_PAPER)
    draw.text((4, 3), told, fill=_INK, font=font)
    return tile


def _draw_box(
    draw: ImageDraw.ImageDraw,
    box: NDArray[np.float64],
    size: tuple[int, int],
    color: tuple[int, int, int],
    *,
    width: int,
) -> None:
    """A line around the box, dark outside, to be seen on any ground."""
    x, y, across, down = box * np.tile(size, 2)
    low = (x - across / 2, y - down / 2)
    high = (max(x + across / 2, low[0] + 1), max(y + down / 2, low[1] + 1))
    for outwards, ink in ((width, _INK), (width - 1, color)):
        edge = (low[0] - outwards, low[1] - outwards, high[0] + outwards, high[1] + outwards)
        draw.rectangle(edge, outline=ink, width=1 if ink == _INK else width)


def _grid(tiles: list[Image.Image]) -> Image.Image:
    width, height = tiles[0].size
    columns = min(_COLUMNS, len(tiles))
    rows = -(-len(tiles) // columns)
    whole = Image.new(
        "RGB", (columns * (width + _GAP) - _GAP, rows * (height + _GAP) - _GAP), _PAPER
    )
    for place, tile in enumerate(tiles):
        row, column = divmod(place, columns)
        whole.paste(tile, (column * (width + _GAP), row * (height + _GAP)))
    return whole


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()
