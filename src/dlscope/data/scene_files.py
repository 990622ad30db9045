"""Images and labels of scenes as they are in files, decoded without guessing.

Images are [H, W, 3], red first; maps of labels [H, W] hold the ids of their data set.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from dlscope.core.errors import DataError
from dlscope.data.scene_classes import Ids, id_mapping, training_ids, unknown_ids

Pixels: TypeAlias = NDArray[np.uint8]
LabelForm: TypeAlias = Literal["label_id", "train_id", "synthia"]
UnknownIds: TypeAlias = Literal["refuse", "ignore"]
_INDEX_MODES = ("P", "L", "I;16", "I")


@final
@dataclass(frozen=True)
class ReadImage:
    """An image, and what had to be done to it: `was` is `rgb`, `grey` or `alpha`."""

    pixels: Pixels
    was: Literal["rgb", "grey", "alpha"]


def read_image(path: Path) -> ReadImage:
    """The image in a file; grey becomes three equal channels, an alpha channel is dropped.

    Raises `DataError` for a file that is missing, truncated or no image.
    """
    picture = _opened(path)
    has_alpha = picture.mode in ("RGBA", "LA", "PA")
    is_grey = picture.mode in ("L", "1", "I;16", "I")
    pixels = np.asarray(picture.convert("RGB"))
    return ReadImage(pixels, "alpha" if has_alpha else "grey" if is_grey else "rgb")


def read_ids(path: Path, form: LabelForm) -> NDArray[np.integer]:
    """The ids in a file of labels, as the data set writes them; a palette is not looked at.

    Raises `DataError` for colors in place of ids, and for a file that cannot be decoded.
    """
    return _synthia_ids(path) if form == "synthia" else _index_ids(path)


def read_labels(path: Path, form: LabelForm, unknown: UnknownIds = "refuse") -> Ids:
    """The ids of training in a file of labels.

    Raises `DataError` for an id that `form` does not have, unless `unknown` ones are ignored.
    """
    ids, mapping = read_ids(path, form), id_mapping(form)
    strange = unknown_ids(ids, mapping)
    if strange and unknown == "ignore":
        ids = np.where(np.isin(ids, strange), 255, ids)
    elif strange and form == "train_id" and not unknown_ids(ids, id_mapping("label_id")):
        raise DataError(
            f"ids up to {int(ids[ids != 255].max())}, where training has 0 to 18",
            where=str(path),
            fix="these look like label ids: use --labels label_id",
        )
    return training_ids(ids, mapping, where=str(path))


def looks_like_training_ids(ids: set[int]) -> bool:
    """Whether all `ids` of a data set are those of training, with ignored ones among them."""
    return 255 in ids and ids <= {*range(19), 255}


def _index_ids(path: Path) -> NDArray[np.integer]:
    picture = _opened(path)
    if picture.mode not in _INDEX_MODES:
        raise DataError(
            "colour map given, index map expected",
            where=str(path),
            fix="use the files of label ids, such as …_gtFine_labelIds.png",
        )
    return np.asarray(picture)


def _synthia_ids(path: Path) -> NDArray[np.integer]:
    """Red of a 16-bit image, which Pillow does not read; or an image of 8-bit ids."""
    content = _content(path)
    if not _is_16_bit_color(content):
        return _index_ids(path)
    import cv2

    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None:
        raise _undecodable(path, "the file is damaged")
    ids = decoded[..., 2]
    if not ids.any():
        raise DataError(
            "the channel of classes holds zeros alone",
            where=str(path),
            fix="use the 16-bit files of GT/LABELS as they were published",
        )
    return np.asarray(ids)


def _is_16_bit_color(content: bytes) -> bool:
    """Whether a PNG file says that it has 16 bits a channel, and colors."""
    return content[:8] == b"\x89PNG\r\n\x1a\n" and content[24:26] == b"\x10\x02"


def _opened(path: Path) -> Image.Image:
    try:
        with Image.open(path) as picture:
            picture.load()
    except FileNotFoundError:
        raise _undecodable(path, "there is no such file") from None
    except UnidentifiedImageError:
        raise _undecodable(path, "it is no image") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _undecodable(path, str(error)) from None
    return picture


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _undecodable(path, str(error.strerror)) from None


def _undecodable(path: Path, reason: str) -> DataError:
    return DataError(
        f"the file cannot be decoded: {reason}",
        where=str(path),
        fix="restore the file, or leave bad ones out with --on-bad skip",
    )
