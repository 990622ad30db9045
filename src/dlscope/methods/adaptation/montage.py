"""`montage`: an image of the target, its labels, what networks see in it and where they are wrong.

    image  | seen by the first  | seen by the second | …
    labels | wrong in the first | wrong in the second | …

Without labels the second row is left out. Images are [H, W, 3], maps of ids [H, W].
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dlscope.core.report import Picture
from dlscope.data.scene_classes import CLASSES, IGNORED, NAMES, Ids, colored
from dlscope.data.scene_files import Pixels

_WRONG, _RIGHT, _UNKNOWN = (168, 50, 26), (221, 226, 232), (135, 146, 157)
_SEEN_SHARE = 0.6
_TILE_WIDTH, _GAP = 384, 8
_LINE, _SQUARE, _TEXT = 22, 12, 13
_PAPER, _INK = 255, (30, 36, 42)


def montage(
    name: str, image: Pixels, labels: Ids | None, seen: Mapping[str, Ids], title: str
) -> Picture:
    """One picture of all tiles, with the colors of the classes that are in it below."""
    first = [image, *(_over(image, ids) for ids in seen.values())]
    rows = [first]
    if labels is not None:
        rows.append([_over(image, labels), *(_wrong(ids, labels) for ids in seen.values())])
    tiles = _joined([[_tile(each) for each in row] for row in rows])
    known = [*seen.values(), *([labels] if labels is not None else [])]
    whole = np.concatenate([tiles, _legend(known, tiles.shape[1])])
    said = _said(seen, labels)
    caption = f"Above: the image, then what is seen by {_listed(list(seen))}."
    if labels is not None:
        caption += " Below: the labels, then in red where each is wrong."
    return Picture(name, title, _png(whole), alt=said, caption=f"{caption} {said}.")


def wrong_share(ids: Ids, labels: Ids) -> float:
    """The share of labelled pixels that are taken for another class; 0 without any."""
    is_known = labels != IGNORED
    return float((ids != labels)[is_known].mean()) if is_known.any() else 0.0


def _said(seen: Mapping[str, Ids], labels: Ids | None) -> str:
    if labels is None:
        return f"What {_listed(list(seen))} see in an image of the target without labels"
    shares = [f"{100 * wrong_share(ids, labels):.1f} % in {name}" for name, ids in seen.items()]
    return f"Pixels of another class than the labels: {_listed(shares)}"


def _over(image: Pixels, ids: Ids) -> Pixels:
    """Classes as colors over the image, grey."""
    grey = np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2)
    mixed = _SEEN_SHARE * colored(ids) + (1 - _SEEN_SHARE) * grey
    return np.asarray(mixed.astype(np.uint8))


def _wrong(ids: Ids, labels: Ids) -> Pixels:
    drawn = np.full((*ids.shape, 3), _RIGHT, np.uint8)
    drawn[ids != labels] = _WRONG
    drawn[labels == IGNORED] = _UNKNOWN
    return drawn


def _tile(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    size = (_TILE_WIDTH, round(height * _TILE_WIDTH / width))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_NEAREST))


def _joined(rows: Sequence[Sequence[Pixels]]) -> Pixels:
    """Tiles beside and below one another, with a gap between."""
    beside = [np.concatenate([_padded(each, 1) for each in row], axis=1) for row in rows]
    return np.concatenate([_padded(each, 0) for each in beside])


def _padded(pixels: Pixels, axis: int) -> Pixels:
    widths = [(0, _GAP if each == axis else 0) for each in range(3)]
    return np.pad(pixels, widths, constant_values=_PAPER)


def _legend(maps: Sequence[Ids], width: int) -> NDArray[np.uint8]:
    """A square and a name for each class that is in one of the maps."""
    present = [i for i in range(len(CLASSES)) if any((ids == i).any() for ids in maps)]
    font = ImageFont.load_default(_TEXT)
    places, x, y = [], 0, 0
    for class_id in present:
        wide = _SQUARE + 6 + round(font.getlength(NAMES[class_id])) + 16
        if x + wide > width:
            x, y = 0, y + _LINE
        places.append((class_id, x, y))
        x += wide
    drawn = Image.new("RGB", (width, y + _LINE), (_PAPER,) * 3)
    pen = ImageDraw.Draw(drawn)
    for class_id, left, top in places:
        corner = (left + _SQUARE, top + 4 + _SQUARE)
        pen.rectangle(((left, top + 4), corner), fill=CLASSES[class_id].color)
        pen.text((left + _SQUARE + 6, top + 3), NAMES[class_id], fill=_INK, font=font)
    return np.asarray(drawn)


def _png(pixels: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", optimize=True)
    return out.getvalue()


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else "nobody"
