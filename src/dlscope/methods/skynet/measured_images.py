"""Images to calibrate and to measure a deployment with: drawn ones, or those of a folder.

A folder has images, with or without the annotations of the contest beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError
from dlscope.data.contest_annotation import Annotation
from dlscope.data.contest_images import contest_files
from dlscope.data.image_files import read_numbered
from dlscope.data.uav_image import UavImage
from dlscope.methods.skynet.detection_scores import normalised
from dlscope.methods.skynet.detector_file import Detector
from dlscope.methods.skynet.prepared_images import PreparedImages, prepared_images

DRAWN = "uav-synth"
Split: TypeAlias = Literal["train", "val"]
Told: TypeAlias = Callable[[str, float], None]


def measured_images(
    source: str, count: int, detector: Detector, *, split: Split, seed: int = 0, told: Told
) -> PreparedImages:
    """The first `count` images of a `source`, `uav-synth` or a folder, as `detector` takes them.

    Drawn images are of `split` and `seed`. Raises `DataError` for a folder without images and for
    a file that cannot be decoded, naming it.
    """
    if source == DRAWN:
        from dlscope.data.procedural.uav import UavImages

        drawn = UavImages(split, count, seed=seed)
        return prepared_images(drawn, detector.size, resize=detector.resize, told=told)
    found = FoundImages(Path(source), count)
    return prepared_images(found, detector.size, resize=detector.resize, told=told)


def single_inputs(images: PreparedImages) -> Iterator[NDArray[np.float32]]:
    """Each image as the network takes it, [1, 3, H, W]."""
    for pixels_hwc in images.pixels_nhwc:
        yield normalised(pixels_hwc[None])


@final
class FoundImages:
    """The first `count` images below `root`; those without an annotation have no box."""

    def __init__(self, root: Path, count: int) -> None:
        if not root.is_dir():
            raise DataError(
                f"there is no folder {root}",
                where="SkyNet, images",
                fix=f"name a folder of images, or {DRAWN}",
            )
        self._files = [each for each in contest_files(root) if each.image is not None][:count]

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> UavImage:
        """The image at `index`. Raises `DataError` naming what is wrong with one of its files."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        file = self._files[index]
        assert file.image is not None
        pixels = read_numbered(file.image, index, file.name).pixels
        boxes = () if file.annotation is None else Annotation.read(file.annotation).usable()[0]
        return UavImage(file.name, "", "", pixels, boxes)
