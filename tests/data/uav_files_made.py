"""Images and sequences of plain colors, to be written and read in tests."""

from __future__ import annotations

import numpy as np

from dlscope.data.uav_image import UavImage
from dlscope.data.uav_sequence import UavSequence


def image(name="car12/000007", boxes=((10.0, 20.0, 30.0, 45.0),), color=(200, 40, 90)):
    pixels = np.full((48, 64, 3), color, dtype=np.uint8)
    folder = name.split("/")[0]
    return UavImage(name, folder.rstrip("0123456789"), folder, pixels, boxes)


def sequence(name="car12-0000", frames=3):
    boxes = np.array([[4.5 + t, 5, 20, 10.25] for t in range(frames)])
    pictures = [np.full((48, 64, 3), 40 * t, dtype=np.uint8) for t in range(frames)]
    cover = np.array([8, 3, 0][:frames])
    return UavSequence(
        name, "car", pictures, boxes, cover, cover == 0, np.array([False, True, False][:frames])
    )
