from __future__ import annotations

import numpy as np

from dlscope.pipelines.base import StepContext, Value
from dlscope.pipelines.detect import UndoLetterbox
from dlscope.pipelines.image import Crop, Resize
from dlscope.pipelines.segment import ResizeMask

NOTHING = StepContext()
PICTURE = Value(np.zeros((4, 8, 3), np.uint8), axes="HWC", color="RGB", original_size=(8, 4))


def seen(picture: Value) -> StepContext:
    return StepContext(inputs={"image": picture})


def test_every_pixel_looks_up_the_nearest_entry() -> None:
    mask = Value(np.array([[1, 2]]), axes="HW")
    value = ResizeMask().apply(mask, seen(Resize(size=6).apply(PICTURE, NOTHING)))
    assert value.data.tolist() == [[1, 1, 1, 1, 2, 2, 2, 2]] * 4


def test_pixels_that_were_cut_off_are_outside() -> None:
    mask = Value(np.array([[5]]), axes="HW")
    cropped = Crop(size=4).apply(PICTURE, NOTHING)
    value = ResizeMask(outside=255).apply(mask, seen(cropped))
    assert value.data.tolist() == [[255, 255, 5, 5, 5, 5, 255, 255]] * 4


def test_a_letterbox_comes_off_with_and_without_its_own_step() -> None:
    boxed = seen(Resize(size=8, mode="letterbox").apply(PICTURE, NOTHING))
    mask = Value(np.repeat(np.arange(8), 8).reshape(8, 8), axes="HW")
    straight = ResizeMask().apply(mask, boxed)
    by_step = ResizeMask().apply(UndoLetterbox().apply(mask, boxed), boxed)
    assert straight.data.tolist() == [[2] * 8, [3] * 8, [4] * 8, [5] * 8]
    assert np.array_equal(straight.data, by_step.data)


def test_interpolates_maps_of_floats() -> None:
    mask = Value(np.array([[0.0, 1.0]], dtype=np.float32), axes="HW")
    value = ResizeMask(method="bilinear").apply(mask, seen(PICTURE))
    assert value.data[0].tolist() == [0.0, 0.0, 0.125, 0.375, 0.625, 0.875, 1.0, 1.0]
    assert value.data.dtype == np.float32
