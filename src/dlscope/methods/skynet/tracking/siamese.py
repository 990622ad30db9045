"""`SiameseTracker`: the loop of SiamRPN++ and SiamMask around a network.

Letters: K anchors, S side of the response, N = K·S·S places, H, W size of the image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError
from dlscope.methods.skynet.tracking.answering import Answer, Answering
from dlscope.methods.skynet.tracking.crops import context_side, mean_color, network_input, square
from dlscope.methods.skynet.tracking.masks import THRESHOLD, in_image, outline_of
from dlscope.methods.skynet.tracking.tracker import BoxXywh, Pixels, Tracker, within
from dlscope.zoo.siamese.anchors import STRIDE, anchor_grid
from dlscope.zoo.siamese.design import Design

Array = NDArray[np.float64]


@final
@dataclass(frozen=True)
class Following:
    """How answers are weighed.

    `penalty` punishes a change of size or aspect, `window` is the share of the cosine window that
    prefers places near the last one, `rate` how fast the size follows.
    """

    penalty: float
    window: float
    rate: float


SIAMMASK = Following(0.04, 0.4, 1.0)
SIAMRPN = Following(0.05, 0.42, 0.38)
"""As the released code of SiamMask and of SiamRPN++ has them."""
NARROW = Following(0.3, 0.42, 0.38)
"""For crops below those of the papers: chosen on 16 drawn sequences of seed 1, split val."""
_FULL_TEMPLATE = 127


@final
class SiameseTracker(Tracker):
    """A network that follows; `score` is how sure it was of the last box.

    A network with masks also gives the `outline` of the object.
    """

    def __init__(
        self,
        network: Answering,
        following: Following | None = None,
        *,
        name: str = "skynet",
    ) -> None:
        self.name = name
        self.score = 0.0
        self.has_masks = network.design.has_mask
        self._network = network
        self._design = network.design
        self._following = following or following_of(network.design)

    def _start(self, image_hwc: Pixels, box: BoxXywh) -> None:
        x, y, width, height = box
        self._centre, self._sides = (x + width / 2, y + height / 2), (width, height)
        self._fill, self.outline = mean_color(image_hwc), None
        side = float(round(float(context_side(width, height))))
        crop = square(image_hwc, self._centre, side, self._design.template, fill=self._fill)
        self._kernels = self._network.kernels(network_input(crop[None]))

    def _follow(self, image_hwc: Pixels) -> BoxXywh:
        self._centre, side = self._looked_at()
        scale = self._design.search / side
        crop = square(image_hwc, self._centre, side, self._design.search, fill=self._fill)
        answer = self._network.answer(network_input(crop[None]), self._kernels)
        best, size_rate, box = self._chosen(answer, scale)
        self._show_mask(answer, best, scale, image_hwc)
        moved_x, moved_y, *found = box / scale
        width, height = (
            old + size_rate * (new - old) for old, new in zip(self._sides, found, strict=True)
        )
        centre_x, centre_y = self._centre[0] + moved_x, self._centre[1] + moved_y
        x, y, width, height = within(
            (centre_x - width / 2, centre_y - height / 2, width, height), image_hwc.shape
        )
        self._centre, self._sides = (x + width / 2, y + height / 2), (width, height)
        return x, y, width, height

    def _looked_at(self) -> tuple[tuple[float, float], float]:
        """Middle and side of the next search, in whole pixels from its corner on.

        Else the last bit of a coordinate, in which two runtimes differ, decides how a pixel of the
        crop is rounded, and after some frames they follow different ways.
        """
        shown = float(context_side(*self._sides)) * self._design.search / self._design.template
        side = float(max(round(shown), 1))
        x, y = (round(middle - side / 2) + side / 2 for middle in self._centre)
        return (x, y), side

    def _chosen(self, answer: Answer, scale: float) -> tuple[int, float, Array]:
        """The best place, how far the size follows, and its box around the middle of the crop."""
        ground_n, object_n = answer.scores_2kss.reshape(2, -1).astype(np.float64)
        score_n = _sigmoid(object_n - ground_n)
        if not np.isfinite(score_n).all():
            raise DataError(
                "the tracker's scores hold NaN or infinity",
                where=f"tracker {self.name}",
                fix="give weights that were trained to the end",
            )
        side = int(answer.scores_2kss.shape[-1])
        boxes_n4 = decoded(answer.boxes_4kss, side, self._design.anchor_scale)
        penalty_n = self._penalties(boxes_n4, scale)
        window_n = _window(side, len(score_n) // side**2)
        share = self._following.window
        best = int((penalty_n * score_n * (1 - share) + window_n * share).argmax())
        self.score = float(score_n[best])
        size_rate = float(penalty_n[best] * score_n[best] * self._following.rate)
        return best, size_rate, boxes_n4[best]

    def _penalties(self, boxes_n4: Array, scale: float) -> Array:
        """exp(−(r·s − 1)·k) for r and s how much aspect and size with margin change."""
        width, height = (side * scale for side in self._sides)
        size_n = _change(context_side(boxes_n4[:, 2], boxes_n4[:, 3]) / context_side(width, height))
        aspect_n = _change((width / height) / (boxes_n4[:, 2] / boxes_n4[:, 3]))
        return np.asarray(np.exp(-(size_n * aspect_n - 1) * self._following.penalty))

    def _show_mask(self, answer: Answer, best: int, scale: float, image_hwc: Pixels) -> None:
        if answer.mask_features_css is None:
            return
        side = int(answer.scores_2kss.shape[-1])
        row, column = divmod(best % side**2, side)
        x, y = (
            middle + (place - (side - 1) / 2) * STRIDE / scale
            for middle, place in zip(self._centre, (column, row), strict=True)
        )
        features_c = np.ascontiguousarray(answer.mask_features_css[:, row, column])
        laid_hw = in_image(
            _sigmoid(self._network.mask(features_c)),
            (x, y),
            self._design.template / scale,
            (image_hwc.shape[0], image_hwc.shape[1]),
        )
        self.outline = outline_of(laid_hw > THRESHOLD)


def following_of(design: Design) -> Following:
    """How answers of a design are weighed by default."""
    if design.template < _FULL_TEMPLATE:
        return NARROW
    return SIAMMASK if design.has_mask else SIAMRPN


def decoded(offsets_4kss: NDArray[Any], side: int, scale: int) -> Array:
    """Boxes [N, 4] (centre x, centre y, width, height) around the middle of the crop."""
    grid_n4 = anchor_grid(side, scale).reshape(-1, 4)
    offsets_n4 = offsets_4kss.reshape(4, -1).T.astype(np.float64)
    centre_n2 = grid_n4[:, :2] + offsets_n4[:, :2] * grid_n4[:, 2:]
    sides_n2 = grid_n4[:, 2:] * np.exp(np.clip(offsets_n4[:, 2:], -10, 10))
    return np.hstack([centre_n2, sides_n2])


def _window(side: int, anchors: int) -> Array:
    window = np.hanning(side)
    return np.tile(np.outer(window, window).ravel(), anchors)


def _sigmoid(logits: NDArray[Any]) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits.astype(np.float64), -60, 60))))


def _change(ratio: Any) -> Any:
    return np.maximum(ratio, 1 / ratio)
