"""The loss `iou`: overlaps learnt as such, at every position whose cell can reach the box.

    L = λ_box · mean (1 − CIoU) + λ_sure · Σ BCE(σ(t), q) / boxes + λ_rank · CE(softmax t, q / Σ q)

q is the overlap that a position has with its box now, so that σ(t) says how well it knows it. The
contest takes the surest position of an image; the last term is a choice among its positions and
learns just that. CIoU: Zheng et al., "Distance-IoU Loss", AAAI 2020; a target that is an overlap:
Li et al., "Generalized Focal Loss", NeurIPS 2020.

Letters: B images, T boxes of one at most, A anchors, h, w the map, N = A · h · w.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import torch
from torch.nn import functional

from dlscope.methods.skynet.decoding import PARTS
from dlscope.methods.skynet.detector_training.recipes import LossWeights

IGNORED_IOU, FOUND_IOU = 0.6, 0.5
_EXPONENT = 10.0
_TINY = 1e-7
_FOCUS = 2.0


@final
@dataclass(frozen=True)
class OverlapLoss:
    """The `total` to go down on, its three parts, boxes learnt, and the share of them found.

    All but the number of boxes stay on the device: a GPU is waited for when they are read.
    """

    total: Any
    box: Any
    sure: Any
    rank: Any
    boxes: int
    recall: Any


def overlap_loss(
    head_bchw: Any,
    boxes: Sequence[Any],
    anchors: Sequence[tuple[float, float]],
    weights: LossWeights,
) -> OverlapLoss:
    """The loss of a head for `boxes` of each image, [T, 4] as (x, y, width, height) of the image.

    A position that two boxes reach learns the nearer one. Without a box every position learns to
    be unsure, and the recall is 1.
    """
    batch, _, height, width = head_bchw.shape
    raw = head_bchw.reshape(batch, len(anchors), PARTS, height, width).movedim(2, -1)
    raw_bnp = raw.reshape(batch, -1, PARTS)
    predicted_bn4 = _in_cells(raw_bnp, anchors, (height, width))
    truth_bt4, is_box_bt = _padded(boxes, predicted_bn4, (height, width))
    with torch.no_grad():
        reach_btn = _reached(truth_bt4, anchors, (height, width), weights)
        reach_btn = reach_btn * is_box_bt[..., None]
        nearest_bn = reach_btn.argmax(dim=1)
        is_learnt_bn = reach_btn.amax(dim=1) > 0
        overlap_bn = _iou(predicted_bn4[:, None], truth_bt4[:, :, None])
        overlap_bn = (overlap_bn * is_box_bt[..., None]).amax(dim=1)
    places = is_learnt_bn.nonzero(as_tuple=True)
    learnt_m4 = predicted_bn4[places]
    wanted_m4 = truth_bt4.gather(1, nearest_bn[..., None].expand(-1, -1, 4))[places]
    quality_m = _iou(learnt_m4, wanted_m4).detach()
    quality_bn = torch.zeros_like(overlap_bn)
    quality_bn[places] = quality_m
    count = sum(map(len, boxes))
    box = (1 - _ciou(learnt_m4, wanted_m4)).sum() / max(len(learnt_m4), 1)
    sure = _sureness(raw_bnp[..., 4], quality_bn, is_learnt_bn, overlap_bn) / max(count, 1)
    rank = _ranking(raw_bnp[..., 4], quality_bn, is_learnt_bn) / batch
    found = (overlap_bn * is_learnt_bn).amax(dim=1)[_with_boxes(boxes, like=places[0])] > FOUND_IOU
    return OverlapLoss(
        total=weights.box * box + weights.sure * sure + weights.rank * rank,
        box=box, sure=sure, rank=rank, boxes=count,
        recall=found.float().mean() if count else 1.0,
    )  # fmt: skip


def _in_cells(raw_bnp: Any, anchors: Sequence[tuple[float, float]], size: tuple[int, int]) -> Any:
    """Every prediction as (x, y, width, height) in cells, [B, N, 4]."""
    corners_n2 = _corners(anchors, size, raw_bnp)
    sides_n2 = raw_bnp.new_tensor(anchors).repeat_interleave(math.prod(size), dim=0)
    centres = torch.sigmoid(raw_bnp[..., :2]) + corners_n2
    extents = sides_n2 * raw_bnp[..., 2:4].clamp(-_EXPONENT, _EXPONENT).exp()
    return torch.cat([centres, extents], dim=-1)


def _corners(anchors: Sequence[tuple[float, float]], size: tuple[int, int], like: Any) -> Any:
    """The upper left corner of the cell of each position, [N, 2]."""
    height, width = size
    rows = torch.arange(height, dtype=like.dtype, device=like.device)
    columns = torch.arange(width, dtype=like.dtype, device=like.device)
    of_map = torch.stack([columns.repeat(height), rows.repeat_interleave(width)], dim=-1)
    return of_map.repeat(len(anchors), 1)


def _padded(boxes: Sequence[Any], like: Any, size: tuple[int, int]) -> tuple[Any, Any]:
    """Boxes in cells, [B, T, 4], and which of them there are, [B, T]; T is at least 1.

    They are put together where they are, and moved as one.
    """
    height, width = size
    most = max(1, *(len(each) for each in boxes))
    padded = torch.zeros((len(boxes), most, 4), dtype=like.dtype)
    is_box = torch.zeros((len(boxes), most), dtype=torch.bool)
    for place, each in enumerate(boxes):
        padded[place, : len(each)] = each
        is_box[place, : len(each)] = True
    cells = torch.tensor([width, height, width, height], dtype=like.dtype)
    return (padded * cells).to(like.device), is_box.to(like.device)


def _with_boxes(boxes: Sequence[Any], like: Any) -> Any:
    """The places of images that have a box."""
    return torch.tensor([place for place, each in enumerate(boxes) if len(each)]).to(like)


def _reached(
    truth_bt4: Any,
    anchors: Sequence[tuple[float, float]],
    size: tuple[int, int],
    weights: LossWeights,
) -> Any:
    """How near each position that learns a box can come to it, as overlap, else 0: [B, T, N].

    The centre of a prediction stays in its cell; its sides can be any.
    """
    height, width = size
    corners_n2 = _corners(anchors, size, truth_bt4)
    centre, sides = truth_bt4[:, :, None, :2], truth_bt4[:, :, None, 2:]
    moved = (centre - torch.minimum(torch.maximum(centre, corners_n2), corners_n2 + 1)).abs()
    shared = (sides - moved).clamp(min=0).prod(dim=-1)
    reach_btn = shared / (2 * sides.prod(dim=-1) - shared + _TINY)
    alike_bta = _alike(truth_bt4, anchors)
    is_most = alike_bta == alike_bta.amax(dim=-1, keepdim=True)
    takes_bta = is_most | (alike_bta >= weights.alike)
    takes_btn = takes_bta.repeat_interleave(height * width, dim=-1)
    is_own = moved.sum(dim=-1) == 0
    is_near = (reach_btn >= weights.reach) | is_own
    return torch.where(takes_btn & is_near, reach_btn.clamp(min=_TINY), 0.0)


def _alike(truth_bt4: Any, anchors: Sequence[tuple[float, float]]) -> Any:
    """Overlap of boxes and anchors with the same centre, [B, T, A]."""
    sides_a2 = truth_bt4.new_tensor(anchors)
    shared = torch.minimum(truth_bt4[:, :, None, 2:], sides_a2).prod(dim=-1)
    both = truth_bt4[:, :, None, 2:].prod(dim=-1) + sides_a2.prod(dim=-1)
    return shared / (both - shared)


def _sureness(logits_bn: Any, quality_bn: Any, is_learnt_bn: Any, overlap_bn: Any) -> Any:
    """Binary cross entropy, of positions without a box weighted by how sure they are."""
    entropy = functional.binary_cross_entropy_with_logits(logits_bn, quality_bn, reduction="none")
    focus = torch.sigmoid(logits_bn).detach() ** _FOCUS
    elsewhere = torch.where(overlap_bn > IGNORED_IOU, 0.0, focus)
    return (entropy * torch.where(is_learnt_bn, 1.0, elsewhere)).sum()


def _ranking(logits_bn: Any, quality_bn: Any, is_learnt_bn: Any) -> Any:
    """Cross entropy of the choice among the positions of each image, the better the likelier."""
    chances_bn = (quality_bn + _TINY) * is_learnt_bn
    total_b1 = chances_bn.sum(dim=1, keepdim=True)
    chances_bn = chances_bn / total_b1.clamp(min=_TINY)
    return -(chances_bn * functional.log_softmax(logits_bn, dim=1)).sum()


def _iou(a: Any, b: Any) -> Any:
    """Overlaps of boxes as (x, y, width, height), place by place."""
    shared, union, _ = _shared(a, b)
    return shared / union.clamp(min=_TINY)


def _ciou(a: Any, b: Any) -> Any:
    """Overlap, less the distance of centres and the difference of shape.

        IoU − d² / c² − α v,  v = 4/π² (atan w_b/h_b − atan w_a/h_a)²,  α = v / (1 − IoU + v)

    with c the diagonal of the smallest box around both.
    """
    shared, union, around = _shared(a, b)
    iou = shared / union.clamp(min=_TINY)
    distance = ((a[..., :2] - b[..., :2]) ** 2).sum(dim=-1)
    diagonal = (around**2).sum(dim=-1).clamp(min=_TINY)
    turned = torch.atan2(b[..., 2], b[..., 3]) - torch.atan2(a[..., 2], a[..., 3])
    shape = 4 / math.pi**2 * turned**2
    with torch.no_grad():
        share = shape / (1 - iou + shape).clamp(min=_TINY)
    return iou - distance / diagonal - share * shape


def _shared(a: Any, b: Any) -> tuple[Any, Any, Any]:
    """Areas of intersection and union, and the sides of the box around both."""
    a_low, a_high = a[..., :2] - a[..., 2:] / 2, a[..., :2] + a[..., 2:] / 2
    b_low, b_high = b[..., :2] - b[..., 2:] / 2, b[..., :2] + b[..., 2:] / 2
    sides = torch.minimum(a_high, b_high) - torch.maximum(a_low, b_low)
    shared = _area(sides.clamp(min=0))
    union = _area(a[..., 2:]) + _area(b[..., 2:]) - shared
    return shared, union, torch.maximum(a_high, b_high) - torch.minimum(a_low, b_low)


def _area(sides: Any) -> Any:
    """Width times height."""
    if sides.is_cpu:
        return sides.prod(dim=-1)
    # The slope of `prod` asks a GPU for zeros, and waits for the answer.
    return sides[..., 0] * sides[..., 1]
