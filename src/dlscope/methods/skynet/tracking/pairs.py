"""`PairSource`: a template, a search and what is where, changed at random.

Letters: B pairs, K anchors, S side of the response; t and s sides of template and search; E side
of the square that holds the windows of all masks.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import final

import cv2
import numpy as np
from numpy.typing import NDArray

from dlscope.methods.skynet.tracking.appearances import Appearances
from dlscope.methods.skynet.tracking.crops import network_input, square
from dlscope.methods.skynet.tracking.labels import Labels, labels_of, stacked
from dlscope.methods.skynet.tracking.mask_windows import MaskWindows, extent, mask_windows
from dlscope.methods.skynet.tracking.tracker import Pixels
from dlscope.zoo.siamese.design import Design

_FULL_SEARCH = 255


@final
@dataclass(frozen=True)
class Changes:
    """How far pairs are changed; shifts in pixels of a search of 255, all drawn evenly.

    A search is stretched by `search_scale` in either direction, as published, and zoomed by up to
    exp `search_zoom` either way: without it a short training learns one size for everything, and
    the box of a tracker drifts.
    `negative` is the share of pairs whose search shows another object, `grey` the share without
    colors, `flip` that of mirrored ones, `blur` that of blurred searches.
    """

    template_shift: float = 4.0
    template_scale: float = 0.05
    search_shift: float = 64.0
    search_scale: float = 0.18
    search_zoom: float = 0.4
    blur: float = 0.18
    negative: float = 0.2
    grey: float = 0.25
    flip: float = 0.5
    gain: float = 0.2


@final
@dataclass(frozen=True)
class Pairs:
    """Inputs of the network, [B, 3, t, t] and [B, 3, s, s], and the labels of the response.

    `masks` are of every place that shows the object, for a design that has masks.
    """

    templates_bctt: NDArray[np.float32]
    searches_bcss: NDArray[np.float32]
    labels: Labels
    masks: MaskWindows | None = None


@final
class PairSource:
    """Draws pairs from appearances; a batch is told by seed and number alone."""

    def __init__(
        self,
        appearances: Appearances,
        design: Design,
        side: int,
        *,
        seed: int = 0,
        changes: Changes | None = None,
    ) -> None:
        self._from = appearances
        self._design, self._side = design, side
        self._seed = seed
        self._changes = changes or Changes()

    @property
    def identity(self) -> str:
        """What tells these pairs from others."""
        known = hashlib.sha256(self._from.sides_n2.tobytes())
        known.update(repr((len(self._from), self._seed, self._changes)).encode())
        return known.hexdigest()

    def batch(self, number: int, size: int) -> Pairs:
        """The pairs of one step."""
        chooser = np.random.default_rng((self._seed, number))
        templates, searches, labels, masks = zip(
            *(self._pair(chooser) for _ in range(size)), strict=True
        )
        together = stacked(labels)
        windows = None
        if self._design.has_mask:
            windows = mask_windows(np.stack(masks), together.places(), self._design)
        return Pairs(
            network_input(np.stack(templates)),
            network_input(np.stack(searches)),
            together,
            windows,
        )

    def _pair(
        self, chooser: np.random.Generator
    ) -> tuple[Pixels, Pixels, Labels, NDArray[np.uint8]]:
        """Template, search, labels, and the mask around the search; an empty one without masks."""
        changes = self._changes
        first = int(chooser.integers(len(self._from)))
        is_negative = chooser.random() < changes.negative
        others = self._from.strangers(first) if is_negative else self._from.partners(first)
        second = int(chooser.choice(others))
        is_flipped, is_grey = chooser.random(2) < (changes.flip, changes.grey)
        template = self._drawn_view(
            first, changes.template_shift, changes.template_scale, chooser
        ).shown(self._from.crops_npp3[first], self._design.template)
        zoom = float(np.exp(chooser.uniform(-changes.search_zoom, changes.search_zoom)))
        view = self._drawn_view(
            second, changes.search_shift, changes.search_scale, chooser, zoom=zoom
        )
        search = view.shown(self._from.crops_npp3[second], self._design.search)
        box, mask = view.box(self._from.sides_n2[second]), self._mask(second, view)
        if is_flipped:
            template, search, mask = template[:, ::-1], search[:, ::-1], mask[:, ::-1]
            box = box * (-1, 1, 1, 1)
        if is_grey:
            template, search = _grey(template), _grey(search)
        labels = labels_of(
            box, self._side, self._design.anchor_scale, chooser, is_negative=is_negative
        )
        return (
            self._lit(template, chooser),
            self._lit(_blurred(search, changes, chooser), chooser),
            labels,
            mask,
        )

    def _mask(self, index: int, view: _View) -> NDArray[np.uint8]:
        if self._from.masks_npp is None or not self._design.has_mask:
            return np.zeros((0, 0), np.uint8)
        return view.shown(
            self._from.masks_npp[index], extent(self._design, self._side), fill=(0.0,)
        )

    def _drawn_view(
        self,
        index: int,
        shift: float,
        scale: float,
        chooser: np.random.Generator,
        *,
        zoom: float = 1.0,
    ) -> _View:
        """A crop moved and stretched at random."""
        height, width = self._from.crops_npp3[index].shape[:2]
        moved_2 = chooser.uniform(-shift, shift, 2) * self._design.search / _FULL_SEARCH
        scale_2 = (1 + chooser.uniform(-scale, scale, 2)) * zoom
        return _View(np.array([width / 2, height / 2]), moved_2, scale_2)

    def _lit(self, image_hwc: Pixels, chooser: np.random.Generator) -> Pixels:
        gain = self._changes.gain
        gain_3 = (1 + chooser.uniform(-gain, gain)) * (1 + chooser.uniform(-gain, gain, 3) / 4)
        return np.asarray(np.clip(image_hwc * gain_3, 0, 255), dtype=np.uint8)


@final
@dataclass(frozen=True)
class _View:
    """What of a crop with its object at `middle_2` is looked at: how far off, at which scale."""

    middle_2: NDArray[np.float64]
    moved_2: NDArray[np.float64]
    scale_2: NDArray[np.float64]

    def shown(
        self, crop: Pixels, pixels: int, *, fill: tuple[float, ...] | None = None
    ) -> NDArray[np.uint8]:
        """The view of `pixels` × `pixels`."""
        x, y = (self.middle_2 + self.moved_2).tolist()
        width, height = (pixels * self.scale_2).tolist()
        return square(crop, (x, y), (width, height), pixels, fill=fill)

    def box(self, sides_2: NDArray[np.float64]) -> NDArray[np.float64]:
        """The object (centre x, y, width, height) from the middle of a view."""
        return np.concatenate([-self.moved_2 / self.scale_2, sides_2 / self.scale_2])


def _grey(image_hwc: Pixels) -> Pixels:
    grey_hw = cv2.cvtColor(np.ascontiguousarray(image_hwc), cv2.COLOR_RGB2GRAY)
    return np.repeat(grey_hw[..., None], 3, axis=2)


def _blurred(image_hwc: Pixels, changes: Changes, chooser: np.random.Generator) -> Pixels:
    if chooser.random() >= changes.blur:
        return image_hwc
    blurred = cv2.GaussianBlur(np.ascontiguousarray(image_hwc), (0, 0), chooser.uniform(0.5, 2.0))
    return np.asarray(blurred, dtype=np.uint8)
