"""Restored pictures against the pictures they should be.

prediction  {"image": [H][W] or [H][W][C]}
target      {"image": likewise, "peak": largest possible value (255 where not given)}
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dlscope.core.run import ItemResult, Metric
from dlscope.metrics.estimate import average, share
from dlscope.metrics.image_quality import WINDOW, psnr_db, ssim
from dlscope.metrics.reading import Array, malformed, numbers, prediction_field, target_field


@dataclass(frozen=True)
class _Pictures:
    """What an item should be and what came of it, None where it failed."""

    truth_hwc: Array
    got_hwc: Array | None
    peak: float


def image_enhancement(items: Sequence[ItemResult]) -> tuple[Metric, ...]:
    """Mean `psnr` in dB, mean `ssim`, and `identical`, the share of pictures without any error.

    A failed item has the PSNR of the largest possible error, 0 dB, and SSIM 0. An identical
    picture has an infinite PSNR, and so then has the mean. `ssim` is left out when a picture is
    smaller than its window.
    """
    pictures = [_pictures(item) for item in items]
    ratios = [_psnr(each) for each in pictures]
    return (
        average("psnr", ratios, unit="dB"),
        *_structure(pictures),
        share("identical", sum(map(math.isinf, ratios)), len(items)),
    )


def _psnr(each: _Pictures) -> float:
    return 0.0 if each.got_hwc is None else psnr_db(each.truth_hwc, each.got_hwc, each.peak)


def _structure(pictures: Sequence[_Pictures]) -> tuple[Metric, ...]:
    if any(min(each.truth_hwc.shape[:2]) < WINDOW for each in pictures):
        return ()
    values = [
        0.0 if each.got_hwc is None else ssim(each.truth_hwc, each.got_hwc, each.peak)
        for each in pictures
    ]
    return (average("ssim", values),)


def _pictures(item: ItemResult) -> _Pictures:
    truth = _picture(item, target_field(item, "image"), "target")
    peak = item.target.get("peak", 255)
    if isinstance(peak, bool) or not isinstance(peak, int | float) or not 0 < peak < math.inf:
        raise malformed(item, f"the peak of the target is {peak!r}, not a number above 0")
    if item.prediction is None:
        return _Pictures(truth, None, peak)
    got = _picture(item, prediction_field(item, "image"), "prediction")
    if got.shape != truth.shape:
        raise malformed(item, f"the image is {_size(got)}, the target {_size(truth)}")
    return _Pictures(truth, got, peak)


def _picture(item: ItemResult, value: object, what: str) -> Array:
    picture = numbers(item, value, f"the image of the {what}")
    if picture.ndim == 2:
        picture = picture[:, :, None]
    if picture.ndim != 3 or not picture.size:
        raise malformed(item, f"the image of the {what} is not H×W or H×W×C")
    if not np.isfinite(picture).all():
        raise malformed(item, f"the image of the {what} holds NaN or infinity")
    return picture


def _size(picture: Array) -> str:
    return "×".join(map(str, picture.shape))
