"""`LabelledImages`: pictures and their classes as arrays; `Splits`, the parts of them.

Axes: n images, c channels, h height, w width.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from dlscope.core.errors import DataError
from dlscope.data.base import Dataset, Item
from dlscope.training.batches import split

_WHITE = 255.0
_AXES = 3  # of a picture: height, width, channels
_MODES = {1: "L", 3: "RGB"}
_TEST_SHARE, _TRAIN_SHARE = 0.2, 0.8


@final
@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Pictures, 0 … 1, in float32, and the integer of the class of each."""

    images_nchw: NDArray[np.float32]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def of(self, indices: NDArray[np.int64]) -> LabelledImages:
        """Those at `indices`."""
        return LabelledImages(self.images_nchw[indices], self.labels[indices])

    def joined(self, others: LabelledImages) -> LabelledImages:
        """These, and the others after them."""
        images = np.concatenate([self.images_nchw, others.images_nchw])
        return LabelledImages(images, np.concatenate([self.labels, others.labels]))

    def batches(self, size: int) -> Iterator[LabelledImages]:
        """Parts of `size` in their order, the last one smaller."""
        return (
            LabelledImages(self.images_nchw[i : i + size], self.labels[i : i + size])
            for i in range(0, len(self), size)
        )


@final
@dataclass(frozen=True, eq=False)
class Splits:
    """What weights, and what choices, are trained on, and what neither has seen."""

    train: LabelledImages
    validation: LabelledImages
    test: LabelledImages

    @classmethod
    def of(cls, images: LabelledImages, *, name: str, seed: int = 0) -> Splits:
        """A fifth for testing, of the rest four fifths to train weights on, every class alike.

        The parts depend on `seed` alone. Raises `DataError` for fewer than three images of a
        class, and for a single class.
        """
        counts = np.bincount(images.labels)
        few = [str(label) for label in np.flatnonzero(counts) if counts[label] < len(_PARTS)]
        if np.count_nonzero(counts) < 2 or few:
            raise DataError(
                f"class {', '.join(few)} has fewer than {len(_PARTS)} images"
                if few
                else "all images are of one class",
                where=f"data set {name}, {len(images)} images",
                fix="use a data set with at least three images of two classes or more",
            )
        tested, rest = split(images.labels, _TEST_SHARE, seed)
        seen = images.of(rest)
        trained, validated = split(seen.labels, _TRAIN_SHARE, seed)
        return cls(seen.of(trained), seen.of(validated), images.of(tested))

    @property
    def seen(self) -> LabelledImages:
        """All that a network may be trained on once its design is chosen."""
        return self.train.joined(self.validation)


_PARTS = ("train", "validation", "test")


def read_images(
    dataset: Dataset, shape: tuple[int, int, int], classes: int, *, name: str
) -> LabelledImages:
    """All items of `dataset` at `shape`, channels, height and width; scaled where they differ.

    Raises `DataError` for no items, for one that is no picture, and for a label outside of
    0 … `classes` − 1.
    """
    if not len(dataset):
        raise DataError("there are no images", where=f"data set {name}", fix="use one with items")
    images = np.empty((len(dataset), *shape), np.float32)
    labels = np.empty(len(dataset), np.int64)
    for place, item in enumerate(dataset):
        labels[place] = _label(item, classes, name)
        images[place] = _picture(item, shape, name)
    return LabelledImages(images, labels)


def _label(item: Item, classes: int, name: str) -> int:
    label = item.target.get("label") if isinstance(item.target, dict) else None
    if type(label) is not int or not 0 <= label < classes:
        raise DataError(
            f"item {item.id!r} has label {label!r}, the space has classes 0 … {classes - 1}",
            where=f"data set {name}",
            fix="use a space with as many classes as the data set",
        )
    return label


def _picture(item: Item, shape: tuple[int, int, int], name: str) -> NDArray[np.float32]:
    channels, height, width = shape
    try:
        opened = _opened(item.input)
    except (OSError, TypeError, ValueError, UnidentifiedImageError) as error:
        raise DataError(
            f"item {item.id!r} is no picture: {error}",
            where=f"data set {name}",
            fix="use a data set of pictures",
        ) from None
    converted = opened.convert(_MODES.get(channels, "RGB"))
    if converted.size != (width, height):
        converted = converted.resize((width, height), Image.Resampling.BOX)
    pixels = np.asarray(converted, np.float32).reshape(height, width, -1)
    return np.asarray(pixels.transpose(2, 0, 1) / _WHITE, np.float32)


def _opened(content: Any) -> Image.Image:
    if isinstance(content, bytes):
        return Image.open(io.BytesIO(content))
    pixels = np.asarray(content)
    is_grey = pixels.ndim == _AXES and pixels.shape[-1] == 1
    return Image.fromarray(pixels[..., 0] if is_grey else pixels)
