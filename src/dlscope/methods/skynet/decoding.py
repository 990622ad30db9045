"""Boxes from the map of the head.

    x = (σ(tx) + i) / w    y = (σ(ty) + j) / h    width = a_w · e^tw / w    height = a_h · e^th / h

relative to the image, for the anchor (a_w, a_h) at column i and row j; its confidence is σ(tconf).

Letters: B images, A anchors, h, w the map, N = A · h · w positions, anchor after anchor, row
after row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError, ShapeError
from dlscope.pipelines.boxes import Detections, corners, suppress

Array: TypeAlias = NDArray[np.float64]
ANCHORS = ((1.4940052559648322, 2.3598481287086823), (4.0113013115312155, 5.760873975661669))
"""Width and height of each anchor in cells of the head."""
PARTS = 5
_EXPONENT = 10.0
_MOST = 100


def decode(
    head_bchw: NDArray[Any],
    sizes: Sequence[tuple[int, int]],
    anchors: Sequence[tuple[float, float]] = ANCHORS,
    *,
    clip: bool = True,
) -> list[Detections]:
    """The surest box of each image, in pixels of its original size (width, height).

    Of equal confidences the first position counts; there is no threshold. With `clip` a box ends
    at the edge of its image. Raises as `relative_boxes` does.
    """
    boxes_bn4, scores_bn = relative_boxes(head_bchw, anchors)
    # σ is flat far from 0: the logits still differ where their confidences are equal.
    places = _logits(head_bchw, len(anchors)).argmax(axis=1)
    return [
        _detections(boxes_n4[[place]], scores_n[[place]], size, clip=clip)
        for boxes_n4, scores_n, place, size in zip(boxes_bn4, scores_bn, places, sizes, strict=True)
    ]


def decode_all(
    head_bchw: NDArray[Any],
    sizes: Sequence[tuple[int, int]],
    anchors: Sequence[tuple[float, float]] = ANCHORS,
    *,
    threshold: float = 0.25,
    iou: float = 0.45,
    clip: bool = True,
) -> list[Detections]:
    """Every box of each image that is sure enough and not hidden by a surer one, at most 100."""
    found = []
    for boxes_n4, scores_n, size in zip(*relative_boxes(head_bchw, anchors), sizes, strict=True):
        sure = scores_n >= threshold
        each = _detections(boxes_n4[sure], scores_n[sure], size, clip=clip)
        found.append(each.at(suppress(each.boxes, each.scores, iou)[:_MOST]))
    return found


def relative_boxes(
    head_bchw: NDArray[Any], anchors: Sequence[tuple[float, float]] = ANCHORS
) -> tuple[Array, Array]:
    """Boxes [B, N, 4] as (x, y, width, height) of the image, and confidences [B, N].

    Raises `ShapeError` for a map without five channels for each anchor, and `DataError` naming the
    first image whose map is not all numbers.
    """
    require_head(head_bchw, len(anchors))
    batch, _, height, width = head_bchw.shape
    head = head_bchw.astype(np.float64).reshape(batch, len(anchors), PARTS, height, width)
    sides = np.array(anchors, dtype=np.float64)[None, :, :, None, None]
    rows, columns = np.mgrid[0:height, 0:width]
    exponents = np.clip(head[:, :, 2:4], -_EXPONENT, _EXPONENT)
    boxes = np.stack(
        [
            (sigmoid(head[:, :, 0]) + columns) / width,
            (sigmoid(head[:, :, 1]) + rows) / height,
            sides[:, :, 0] * np.exp(exponents[:, :, 0]) / width,
            sides[:, :, 1] * np.exp(exponents[:, :, 1]) / height,
        ],
        axis=-1,
    )
    return boxes.reshape(batch, -1, 4), sigmoid(_logits(head_bchw, len(anchors)))


def require_head(head_bchw: NDArray[Any], anchors: int = len(ANCHORS)) -> None:
    """Raise unless this is a map of finite numbers, five for each anchor."""
    if head_bchw.ndim != 4 or head_bchw.shape[1] != PARTS * anchors:
        raise ShapeError(
            f"a head of the shape {tuple(head_bchw.shape)} is not one of {anchors} anchors",
            where="SkyNet, decode",
            fix=f"give a map [images, {PARTS * anchors}, rows, columns]",
        )
    for index, map_chw in enumerate(head_bchw):
        wrong = int(map_chw.size - np.isfinite(map_chw).sum())
        if wrong:
            raise DataError(
                f"{wrong} of {map_chw.size} numbers of the head are NaN or infinite",
                where=f"SkyNet, layer head, image {index}",
                fix="check the weights, and the image that was put in",
            )


def sigmoid(values: NDArray[Any]) -> Array:
    """1 / (1 + e^−x), without overflow."""
    small = np.exp(-np.abs(values.astype(np.float64)))
    return np.asarray(np.where(values >= 0, 1.0, small) / (1.0 + small))


def _logits(head_bchw: NDArray[Any], anchors: int) -> NDArray[Any]:
    batch, _, height, width = head_bchw.shape
    parts = head_bchw.reshape(batch, anchors, PARTS, height, width)
    return np.asarray(parts[:, :, PARTS - 1].reshape(batch, -1))


def _detections(
    boxes_n4: Array, scores_n: Array, size: tuple[int, int], *, clip: bool
) -> Detections:
    sides = np.tile(np.asarray(size, dtype=np.float64), 2)
    boxes = corners(boxes_n4, "cxcywh") * sides
    boxes = np.clip(boxes, 0.0, sides) if clip else boxes
    return Detections(boxes, scores_n, np.zeros(len(boxes), dtype=np.int64))
