"""`SiameseTracker`: the loop of SiamRPN++ and SiamMask around a network.

Letters: K anchors, S side of the response, N = K·S·S places.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from dlscope.core.errors import DataError
from dlscope.methods.skynet.tracking.crops import context_side, mean_color, network_input, square
from dlscope.methods.skynet.tracking.inputs import as_input
from dlscope.methods.skynet.tracking.masks import Corners, outline
from dlscope.methods.skynet.tracking.tracker import BoxXywh, Pixels, Tracker, within
from dlscope.zoo.siamese.anchors import STRIDE, anchor_grid
from dlscope.zoo.siamese.design import Design
from dlscope.zoo.siamese.network import Response, SiameseNetwork

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

    A network with masks also gives `corners` of the rectangle around the object, [4, 2], or None
    where the mask shows none.
    """

    def __init__(
        self,
        network: SiameseNetwork,
        following: Following | None = None,
        *,
        name: str = "skynet",
    ) -> None:
        self.name = name
        self.score = 0.0
        self.corners: Corners | None = None
        self._network = network.eval().to(memory_format=torch.channels_last)
        self._design = network.design
        self._following = following or following_of(network.design)

    def _start(self, image_hwc: Pixels, box: BoxXywh) -> None:
        x, y, width, height = box
        self._centre, self._sides = (x + width / 2, y + height / 2), (width, height)
        self._fill = mean_color(image_hwc)
        side = float(round(float(context_side(width, height))))
        crop = square(image_hwc, self._centre, side, self._design.template, fill=self._fill)
        with torch.inference_mode():
            self._kernels = self._network.kernels(as_input(network_input(crop[None])))

    def _follow(self, image_hwc: Pixels) -> BoxXywh:
        design = self._design
        scale = design.template / float(context_side(*self._sides))
        crop = square(
            image_hwc, self._centre, design.search / scale, design.search, fill=self._fill
        )
        with torch.inference_mode():
            response = self._network.respond(as_input(network_input(crop[None])), self._kernels)
        best, size_rate, box = self._chosen(response, scale)
        self._show_mask(response, best, scale, image_hwc)
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

    def _chosen(self, response: Response, scale: float) -> tuple[int, float, Array]:
        """The best place, how far the size follows, and its box around the middle of the crop."""
        score_n = torch.softmax(response.scores[0], dim=0)[1].flatten().double().numpy()
        if not np.isfinite(score_n).all():
            raise DataError(
                "the tracker's scores hold NaN or infinity",
                where=f"tracker {self.name}",
                fix="give weights that were trained to the end",
            )
        side = int(response.scores.shape[-1])
        boxes_n4 = decoded(response.boxes[0].numpy(), side, self._design.anchor_scale)
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

    def _show_mask(self, response: Response, best: int, scale: float, image_hwc: Pixels) -> None:
        if response.masks is None:
            return
        side = int(response.masks.shape[-1])
        row, column = divmod(best % side**2, side)
        offsets = [(place - (side - 1) / 2) * STRIDE / scale for place in (column, row)]
        self.corners = outline(
            torch.sigmoid(response.masks[0, :, row, column]).numpy(),
            (self._centre[0] + offsets[0], self._centre[1] + offsets[1]),
            self._design.template / scale,
            (image_hwc.shape[0], image_hwc.shape[1]),
        )


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


def _change(ratio: Any) -> Any:
    return np.maximum(ratio, 1 / ratio)
