"""Images as files: written as JPEG, read with what was done to them and what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError
from dlscope.core.whole_file import unwritable, write_whole
from dlscope.data.scene_files import ReadImage, read_image

_QUALITY = 95


def read_numbered(path: Path, index: int, name: str) -> ReadImage:
    """The image of item `index`. Raises `DataError` naming the item where it cannot be decoded."""
    try:
        return read_image(path)
    except DataError as error:
        raise DataError(
            f"image {index}, {name!r}: {error.what}",
            where=str(path),
            fix="restore the file; the others are read without it",
        ) from None


def write_jpeg(path: Path, image_hwc: NDArray[np.uint8]) -> None:
    """Write an image, red first, at quality 95. Raises `FileError` where it cannot be written."""
    import cv2

    encoded = cv2.imencode(
        ".jpg", np.ascontiguousarray(image_hwc[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    )[1]
    make_folder(path.parent)
    write_whole(path, encoded.tobytes())


def make_folder(folder: Path) -> None:
    """Make a folder unless it is there. Raises `FileError` where it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(error, folder) from error
