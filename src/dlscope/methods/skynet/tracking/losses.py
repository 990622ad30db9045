"""The three losses of a tracker: 1.0 · scores + 1.2 · boxes + 36 · masks (SiamMask, section 3.1).

Letters: B pairs, K anchors, S side of the response, P places, M side of a mask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from torch.nn import functional

from dlscope.methods.skynet.tracking.labels import NEGATIVE, POSITIVE
from dlscope.zoo.siamese.network import Response

SCORE_WEIGHT, BOX_WEIGHT, MASK_WEIGHT = 1.0, 1.2, 36.0


@final
@dataclass(frozen=True)
class TrackerLoss:
    """The parts, each without its weight; `masks` is None where there are none."""

    scores: Any
    boxes: Any
    masks: Any = None

    @property
    def total(self) -> Any:
        """What is trained on."""
        total = SCORE_WEIGHT * self.scores + BOX_WEIGHT * self.boxes
        return total if self.masks is None else total + MASK_WEIGHT * self.masks


def tracker_loss(
    response: Response, kinds_bkss: Any, offsets_b4kss: Any, masks: Any = None
) -> TrackerLoss:
    """The losses of a batch; `masks` are logits [P, M²] of some places and values [P, M', M']."""
    mask = None if masks is None else mask_loss(*masks)
    return TrackerLoss(
        score_loss(response.scores, kinds_bkss),
        box_loss(response.boxes, offsets_b4kss, kinds_bkss),
        mask,
    )


def score_loss(scores_b2kss: Any, kinds_bkss: Any) -> Any:
    """½ mean −log p(object) over objects + ½ mean −log p(ground) over ground; no object gives 0."""
    logs = functional.log_softmax(scores_b2kss, dim=1)
    parts = [
        _mean(-logs[:, channel][kinds_bkss == kind])
        for channel, kind in ((1, POSITIVE), (0, NEGATIVE))
    ]
    return (parts[0] + parts[1]) / 2


def box_loss(boxes_b4kss: Any, offsets_b4kss: Any, kinds_bkss: Any) -> Any:
    """Σ over coordinates of |difference|: the mean over objects of a pair, then over pairs."""
    is_object = (kinds_bkss == POSITIVE).float()
    weight = is_object / is_object.sum(dim=(1, 2, 3), keepdim=True).clamp(min=1)
    difference = (boxes_b4kss - offsets_b4kss).abs().sum(dim=1)
    return (difference * weight).sum() / boxes_b4kss.shape[0]


def mask_loss(logits_pm: Any, values_pmm: Any) -> Any:
    """Mean of log(1 + exp(−y·m)) over pixels, the logits m enlarged to the size of y = ±1."""
    if len(values_pmm) == 0:
        return logits_pm.sum() * 0
    side = round(logits_pm.shape[1] ** 0.5)
    enlarged = functional.interpolate(
        logits_pm.reshape(-1, 1, side, side),
        size=values_pmm.shape[1:],
        mode="bilinear",
        align_corners=False,
    )
    return functional.softplus(-values_pmm * enlarged[:, 0]).mean()


def _mean(values: Any) -> Any:
    return values.mean() if values.numel() else values.sum()
