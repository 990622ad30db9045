from __future__ import annotations

import math

import numpy as np
import pytest

from dlscope.core.errors import DataError
from dlscope.core.run import ItemResult
from dlscope.metrics.enhancement import image_enhancement

WIDE = np.full((11, 12), 100.0)


def item(got, truth, **target) -> ItemResult:
    prediction = None if got is None else {"image": np.asarray(got).tolist()}
    return ItemResult("a", prediction, {"image": np.asarray(truth).tolist(), **target})


def by_name(*items: ItemResult):
    return {metric.name: metric for metric in image_enhancement(items)}


def test_averages_over_pictures() -> None:
    metrics = by_name(item(WIDE + 1, WIDE), item(WIDE + 10, WIDE))
    assert metrics["psnr"].value == pytest.approx(48.1308 - 10, abs=1e-3)
    assert (metrics["psnr"].unit, metrics["psnr"].n) == ("dB", 2)
    assert 0.99 < metrics["ssim"].value < 1.0
    assert metrics["identical"].count == 0


def test_a_failed_item_has_the_largest_error() -> None:
    metrics = by_name(item(WIDE + 1, WIDE), item(None, WIDE))
    assert metrics["psnr"].value == pytest.approx(48.1308 / 2, abs=1e-3)
    assert metrics["ssim"].value == pytest.approx(0.5, abs=1e-3)


def test_an_identical_picture_makes_the_mean_infinite_and_is_counted() -> None:
    metrics = by_name(item(WIDE, WIDE), item(WIDE + 1, WIDE))
    assert (metrics["psnr"].value, metrics["psnr"].lo) == (math.inf, None)
    assert (metrics["identical"].count, metrics["identical"].n) == (1, 2)


def test_a_picture_smaller_than_the_window_has_no_ssim() -> None:
    metrics = by_name(item([[1.0]], [[2.0]]))
    assert list(metrics) == ["psnr", "identical"]


def test_the_peak_belongs_to_the_target() -> None:
    metrics = by_name(item(WIDE / 255, WIDE / 255 + 0.1, peak=1.0))
    assert metrics["psnr"].value == pytest.approx(20.0)


def test_grey_pictures_may_have_a_channel() -> None:
    assert by_name(item(WIDE[:, :, None] + 1, WIDE))["psnr"].value == pytest.approx(
        48.1308, abs=1e-4
    )


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (item([[1.0]], [[1.0, 2.0]]), "the image is 1×1×1, the target 1×2×1"),
        (item([1.0], [[1.0]]), "the image of the prediction is not H×W or H×W×C"),
        (item([[1.0]], np.zeros((0, 3))), "the image of the target is not H×W or H×W×C"),
        (item([[math.nan]], [[1.0]]), "the image of the prediction holds NaN or infinity"),
        (item([["x"]], [[1.0]]), "the image of the prediction is not an array of numbers"),
        (item([[1.0]], [[1.0]], peak=0), "the peak of the target is 0, not a number above 0"),
        (item([[1.0]], [[1.0]], peak="8"), "the peak of the target is '8', not a number above 0"),
    ],
)
def test_refuses_a_malformed_item(bad: ItemResult, what: str) -> None:
    with pytest.raises(DataError) as refusal:
        image_enhancement([bad])
    assert (refusal.value.what, refusal.value.where) == (what, "item a")
