"""`Pictures`: the images of a domain at the size of a training, and their labels where asked for.

Letters: B images, H, W their size.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, final

import cv2
import numpy as np
import torch

from dlscope.core.errors import DataError
from dlscope.data.labelled_scenes import (
    LabelledImage,
    OnBad,
    SceneFormat,
    label_form,
    require_labels,
    scene_images,
)
from dlscope.data.scene_classes import IGNORED, Ids, id_mapping, unknown_ids
from dlscope.data.scene_files import (
    LabelForm,
    Pixels,
    UnknownIds,
    looks_like_training_ids,
    read_ids,
    read_image,
    read_labels,
)
from dlscope.zoo.segmenter.segmenter import Segmenter

Resizing: TypeAlias = Literal["area", "bicubic", "nearest"]
_FILTERS = {"area": cv2.INTER_AREA, "bicubic": cv2.INTER_CUBIC, "nearest": cv2.INTER_NEAREST}
_FEW_IGNORED = 0.05
_LOOKED_AT = 8


@final
@dataclass(frozen=True)
class DomainFolder:
    """Where a domain is and how its files are read; `images_dir` has translated images instead."""

    root: Path
    format: SceneFormat = "cityscapes"
    split: str = "train"
    labels: LabelForm | None = None
    unknown_ids: UnknownIds = "refuse"
    on_bad: OnBad = "refuse"
    listed: Path | None = None
    images_dir: Path | None = None
    labels_folder: str = ""


@final
class Pictures:
    """Images of `folder` resized to `size` (width, height), each read once and kept.

    With `is_labelled` each has labels, else no file of labels is ever opened. Raises `DataError`
    for what cannot be read; where bad ones are skipped they are counted in `counts` instead, as
    are grey images, such with an alpha channel, and maps of labels in which all is ignored.
    """

    def __init__(
        self,
        folder: DomainFolder,
        size: tuple[int, int],
        *,
        is_labelled: bool,
        resizing: Resizing = "area",
    ) -> None:
        found = scene_images(
            folder.root,
            folder.format,
            folder.split,
            listed=folder.listed,
            labels_folder=folder.labels_folder,
        )
        self._folder, self._size = folder, size
        self._form = label_form(folder.format, folder.labels)
        self._filter = _FILTERS[resizing]
        self.is_labelled = is_labelled
        self.counts: Counter[str] = Counter()
        self._files = require_labels(found, folder.on_bad) if is_labelled else found
        if len(self._files) < len(found):
            self.counts["left out, since they have no labels"] = len(found) - len(self._files)
        if is_labelled and self._form == "label_id":
            _require_label_ids(self._files, folder.root)
        self._kept: dict[int, tuple[Pixels, Ids | None]] = {}
        self._restyled: Callable[[int, Pixels], Pixels] | None = None
        if folder.on_bad == "skip":
            self._files = tuple(each for i, each in enumerate(self._files) if self._is_good(i))
            self._kept.clear()

    def restyle(self, restyled: Callable[[int, Pixels], Pixels]) -> None:
        """Let each image look as `restyled` makes it, from its index and its pixels."""
        self._restyled = restyled
        self._kept.clear()

    def __len__(self) -> int:
        return len(self._files)

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each image, its path below the folder of images."""
        return tuple(each.name for each in self._files)

    def image(self, index: int) -> Pixels:
        """The image at `index`, [H, W, 3]."""
        return self._read(index)[0]

    def labels(self, index: int) -> Ids:
        """The ids of training of the image at `index`, [H, W]."""
        labels = self._read(index)[1]
        if labels is None:
            raise DataError(
                "labels are asked for of a domain without them",
                where=str(self._folder.root),
                fix="read the domain with is_labelled=True",
            )
        return labels

    def original_labels(self, index: int) -> Ids:
        """The ids at the size that they have in their file."""
        return read_labels(self._files[index].labels, self._form, self._folder.unknown_ids)

    def warnings(self) -> tuple[str, ...]:
        """What is to be said of what was read so far."""
        told = [f"{count} images: {what}" for what, count in sorted(self.counts.items())]
        ignored = self.counts["all of the labels are ignored"]
        if ignored > _FEW_IGNORED * len(self):
            told.append(f"more than one image in twenty has no labels at all: {ignored}")
        return tuple(told)

    def _is_good(self, index: int) -> bool:
        try:
            self._read(index)
        except DataError:
            self.counts["left out, since they cannot be read"] += 1
            return False
        return True

    def _read(self, index: int) -> tuple[Pixels, Ids | None]:
        if index not in self._kept:
            image, labels = self._resized(self._files[index])
            if self._restyled is not None:
                image = self._restyled(index, image)
            self._kept[index] = image, labels
        return self._kept[index]

    def _resized(self, files: LabelledImage) -> tuple[Pixels, Ids | None]:
        translated = self._folder.images_dir
        read = read_image(translated / files.name if translated else files.image)
        if read.was != "rgb":
            self.counts[f"{read.was}, read as three colors"] += 1
        image = _fitted(read.pixels, self._size, self._filter)
        if not self.is_labelled:
            return image, None
        labels = read_labels(files.labels, self._form, self._folder.unknown_ids)
        if self._folder.unknown_ids == "ignore" and _has_unknown(files, self._form):
            self.counts["labels with unknown ids, which are ignored"] += 1
        if labels.shape != read.pixels.shape[:2] and translated is None:
            raise DataError(
                f"the image is {_told(read.pixels)}, its labels {_told(labels)}",
                where=str(files.labels),
                fix="restore the pair, or leave bad ones out with --on-bad skip",
            )
        if (labels == IGNORED).all():
            self.counts["all of the labels are ignored"] += 1
        return image, _fitted(labels, self._size, cv2.INTER_NEAREST)


def _require_label_ids(files: Sequence[LabelledImage], root: Path) -> None:
    """Raise `DataError` where the first labels hold ids of training, which would pass unseen."""
    ids: set[int] = set()
    for each in files[:_LOOKED_AT]:
        with contextlib.suppress(DataError):  # told, or left out, where the file is read
            ids |= set(np.unique(read_ids(each.labels, "label_id")).tolist())
    if looks_like_training_ids(ids):
        raise DataError(
            "all ids are those of training",
            where=str(root),
            fix="these look like ids of training: use --labels train_id",
        )


def _has_unknown(files: LabelledImage, form: LabelForm) -> bool:
    return bool(unknown_ids(read_ids(files.labels, form), id_mapping(form)))


def network_input(images: Sequence[Pixels], network: Segmenter) -> Any:
    """Images [H, W, 3] as `network` wants them and where it is, [B, 3, H, W]."""
    device = network.device  # bytes are moved, four times less than the numbers made of them
    stacked = torch.from_numpy(np.stack(images)).to(device).permute(0, 3, 1, 2).float()
    ordered = stacked.flip(1) if network.is_bgr else stacked
    mean = torch.tensor(network.mean).to(device).reshape(1, 3, 1, 1)
    return (ordered - mean) * network.scale


def label_input(labels: Sequence[Ids], device: Any = "cpu") -> Any:
    """Maps of ids as one tensor of whole numbers, [B, H, W]."""
    return torch.from_numpy(np.stack(labels)).to(device).long()


def _fitted(pixels: Any, size: tuple[int, int], filter: int) -> Any:
    if pixels.shape[1::-1] == size:
        return np.ascontiguousarray(pixels)
    return cv2.resize(pixels, size, interpolation=filter)


def _told(pixels: Any) -> str:
    return f"{pixels.shape[1]}x{pixels.shape[0]}"
