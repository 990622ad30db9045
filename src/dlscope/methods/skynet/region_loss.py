"""The region loss of YOLOv2 without classes, as SkyNet is trained with.

    L = ½ Σ m_coord [(σ(tx) − t_x)² + (σ(ty) − t_y)² + (tw − t_w)² + (th − t_h)²]
      + ½ Σ m_conf (σ(tconf) − t_conf)²

Every position is told to be unsure (m_conf 1, t_conf 0) but those that overlap a box by more than
0.6 (m_conf 0). A box is learnt in the cell of its centre by the anchor that is most like it
(m_coord 1, m_conf 5), and t_conf is how well it is found there.

Letters: B images, A anchors, h, w the map, N = A · h · w, T boxes an image at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

import torch

from dlscope.methods.skynet.decoding import ANCHORS, PARTS

IGNORED_IOU = 0.6
FOUND_IOU = 0.5
_OBJECT = 5.0
_EXPONENT = 10.0


@final
@dataclass(frozen=True)
class RegionLoss:
    """The `total` to go down on, its five parts, boxes learnt, and the share of them found."""

    total: Any
    x: Any
    y: Any
    w: Any
    h: Any
    conf: Any
    boxes: int
    recall: float
    ignored: int


@dataclass(frozen=True)
class _Targets:
    """Coordinates [B, N, 4], confidences [B, N] and their weights; what became of the boxes."""

    coordinates: Any
    confidence: Any
    is_learnt: Any
    weight: Any
    overlaps: Any
    ignored: int


def region_loss(
    head_bchw: Any,
    boxes: Sequence[Any],
    anchors: Sequence[tuple[float, float]] = ANCHORS,
    *,
    reduction: Literal["mean", "sum"] = "mean",
) -> RegionLoss:
    """The loss of a head for `boxes` of each image, [T, 4] as (x, y, width, height) of the image.

    `mean` divides by the number of images, `sum` does not. Of boxes that fall to one position the
    last is learnt. Without a box the recall is 1.
    """
    batch, _, height, width = head_bchw.shape
    parts = head_bchw.reshape(batch, len(anchors), PARTS, height, width).movedim(2, -1)
    raw = parts.reshape(batch, -1, PARTS)
    centres, confidence = torch.sigmoid(raw[..., :2]), torch.sigmoid(raw[..., 4])
    with torch.no_grad():
        predicted = _in_cells(raw, anchors, (height, width))
        targets = _targets(predicted, boxes, anchors, (height, width))
    found = torch.cat([centres, raw[..., 2:4]], dim=-1)
    errors = targets.is_learnt[..., None] * (found - targets.coordinates) ** 2
    divisor = batch if reduction == "mean" else 1
    x, y, w, h = (errors.sum(dim=(0, 1)) / 2 / divisor).unbind()
    conf = (targets.weight * (confidence - targets.confidence) ** 2).sum() / 2 / divisor
    overlaps = targets.overlaps
    return RegionLoss(
        total=x + y + w + h + conf, x=x, y=y, w=w, h=h, conf=conf,
        boxes=len(overlaps),
        recall=float((overlaps > FOUND_IOU).double().mean()) if len(overlaps) else 1.0,
        ignored=targets.ignored,
    )  # fmt: skip


def _in_cells(raw_bnp: Any, anchors: Sequence[tuple[float, float]], size: tuple[int, int]) -> Any:
    """Every prediction as (x, y, width, height) in cells, [B, N, 4]."""
    height, width = size
    like: dict[str, Any] = {"dtype": raw_bnp.dtype, "device": raw_bnp.device}
    rows = torch.arange(height, **like).repeat_interleave(width).repeat(len(anchors))
    columns = torch.arange(width, **like).repeat(height * len(anchors))
    sides = raw_bnp.new_tensor(anchors).repeat_interleave(height * width, dim=0)
    centres = torch.sigmoid(raw_bnp[..., :2]) + torch.stack([columns, rows], dim=-1)
    extents = sides * raw_bnp[..., 2:4].clamp(-_EXPONENT, _EXPONENT).exp()
    return torch.cat([centres, extents], dim=-1)


def _targets(
    predicted_bn4: Any,
    boxes: Sequence[Any],
    anchors: Sequence[tuple[float, float]],
    size: tuple[int, int],
) -> _Targets:
    height, width = size
    batch, positions, _ = predicted_bn4.shape
    scale = predicted_bn4.new_tensor([width, height, width, height])
    images = torch.cat([torch.full((len(each),), i) for i, each in enumerate(boxes)]).to(
        predicted_bn4.device
    )
    boxes_m4 = torch.cat([each.reshape(-1, 4) for each in boxes]).to(predicted_bn4) * scale
    is_ignored = _ignored(predicted_bn4, boxes_m4, images)
    ignored = int(is_ignored.sum())
    coordinates, places = _responsible(boxes_m4, predicted_bn4.new_tensor(anchors), size)
    overlaps = _iou(predicted_bn4[images, places], boxes_m4)
    last = _is_last(images * positions + places)
    at = (images[last], places[last])
    weight = 1.0 - is_ignored.to(predicted_bn4)
    weight[at] = _OBJECT
    is_learnt = predicted_bn4.new_zeros((batch, positions))
    is_learnt[at] = 1.0
    all_coordinates = predicted_bn4.new_zeros((batch, positions, 4))
    all_coordinates[at] = coordinates[last]
    confidence = predicted_bn4.new_zeros((batch, positions))
    confidence[at] = overlaps[last]
    return _Targets(all_coordinates, confidence, is_learnt, weight, overlaps, ignored)


def _ignored(predicted_bn4: Any, boxes_m4: Any, images_m: Any) -> Any:
    """Which positions [B, N] overlap a box of their image by more than 0.6."""
    found = _iou(predicted_bn4[images_m], boxes_m4[:, None]) > IGNORED_IOU
    counts = predicted_bn4.new_zeros(predicted_bn4.shape[:2])
    return counts.index_add_(0, images_m, found.to(predicted_bn4)) > 0


def _responsible(boxes_m4: Any, anchors_a2: Any, size: tuple[int, int]) -> tuple[Any, Any]:
    """What is to be learnt [M, 4] and at which position [M] for boxes in cells."""
    height, width = size
    shared = torch.minimum(boxes_m4[:, None, 2:], anchors_a2).prod(dim=-1)
    union = boxes_m4[:, None, 2:].prod(dim=-1) + anchors_a2.prod(dim=-1) - shared
    anchor = (shared / union).argmax(dim=1)
    column = boxes_m4[:, 0].floor().clamp(0, width - 1)
    row = boxes_m4[:, 1].floor().clamp(0, height - 1)
    centres = boxes_m4[:, :2] - torch.stack([column, row], dim=-1)
    extents = (boxes_m4[:, 2:] / anchors_a2[anchor]).log()
    place = (anchor * height + row.long()) * width + column.long()
    return torch.cat([centres, extents], dim=-1), place


def _is_last(places_m: Any) -> Any:
    """Whether no later box falls to the same position."""
    same = places_m[:, None] == places_m[None, :]
    return ~same.triu(diagonal=1).any(dim=1)


def _iou(a: Any, b: Any) -> Any:
    """Overlaps of boxes as (x, y, width, height), position by position."""
    low = torch.maximum(a[..., :2] - a[..., 2:] / 2, b[..., :2] - b[..., 2:] / 2)
    high = torch.minimum(a[..., :2] + a[..., 2:] / 2, b[..., :2] + b[..., 2:] / 2)
    shared = (high - low).clamp(min=0).prod(dim=-1)
    return shared / (a[..., 2:].prod(dim=-1) + b[..., 2:].prod(dim=-1) - shared)
