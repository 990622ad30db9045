"""`Canvas`: a picture and its labels, painted at twice their size without soft edges."""

from __future__ import annotations

from typing import final

import cv2
import numpy as np
from numpy.typing import NDArray

from dlscope.data.procedural.scenes.camera import Camera
from dlscope.data.procedural.scenes.shapes import Shape

SCALE = 2
_FARTHEST_PIXEL = 20_000


@final
class Canvas:
    """What a camera sees: `picture` [H, W, 3] in float32, `labels` [H, W], both `SCALE` times."""

    def __init__(self, camera: Camera, sky: NDArray[np.float32], sky_id: int) -> None:
        self.camera = camera
        self.picture = np.ascontiguousarray(sky, dtype=np.float32)
        self.labels = np.full(camera.size, sky_id, dtype=np.uint8)

    def paint(self, shape: Shape) -> None:
        """Paint one shape over what is there."""
        contours = [self._pixels(each) for each in shape.contours]
        cv2.fillPoly(self.picture, contours, shape.color)
        if shape.class_id is not None:
            cv2.fillPoly(self.labels, contours, shape.class_id)

    def _pixels(self, contour: NDArray[np.float64]) -> NDArray[np.int32]:
        points = np.rint(self.camera.project(contour))
        return np.clip(points, -_FARTHEST_PIXEL, _FARTHEST_PIXEL).astype(np.int32)


def sampled(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The labels at the middle of each pixel of the final size."""
    return np.ascontiguousarray(labels[SCALE // 2 :: SCALE, SCALE // 2 :: SCALE])


def averaged(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """The picture at the final size."""
    height, width = picture.shape[0] // SCALE, picture.shape[1] // SCALE
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))
