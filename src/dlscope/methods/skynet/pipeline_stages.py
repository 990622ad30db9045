"""What is done to image files, in four stages: fetch, prepare, infer, boxes.

An item is a batch of files. One that cannot be decoded is taken out of its batch and remembered.

Letters: B images of a batch, C channels, H, W the size of the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from dlscope.core.errors import DataError
from dlscope.data.image_files import read_numbered
from dlscope.data.scene_files import ReadImage
from dlscope.data.uav_image import Box
from dlscope.methods.skynet.decoding import decode
from dlscope.methods.skynet.detector_file import Detector
from dlscope.methods.skynet.observing import first_not_finite
from dlscope.methods.skynet.preparing import prepare
from dlscope.methods.skynet.staged import Stage

FETCH, PREPARE, INFER, BOXES = "fetch", "prepare", "infer", "boxes"


@final
@dataclass(frozen=True)
class ImageFile:
    """A file by its number and its name, the path below the folder without the ending."""

    index: int
    name: str
    path: Path


@final
@dataclass(frozen=True)
class Spoiled:
    """A file that has no box, and why."""

    file: ImageFile
    reason: str


@final
@dataclass(frozen=True)
class FoundBox:
    """The surest box of a file in its pixels, and how sure it is."""

    file: ImageFile
    box: Box
    score: float

    @property
    def name(self) -> str:
        """The image, as results name it."""
        return self.file.name


@final
@dataclass(frozen=True)
class Batch:
    """Files on their way, and what is known of them so far.

    `pixels` are there behind `fetch`, `images_bchw` behind `prepare`, `head_bchw` behind `infer`.
    """

    files: tuple[ImageFile, ...]
    spoiled: tuple[Spoiled, ...] = ()
    pixels: tuple[ReadImage, ...] = ()
    sizes: tuple[tuple[int, int], ...] = ()
    changed: tuple[str, ...] = ()
    images_bchw: NDArray[np.float32] | None = None
    head_bchw: NDArray[Any] | None = None


@final
@dataclass(frozen=True)
class Answered:
    """What comes out: a box of each file but those that are spoiled, and what was changed."""

    found: tuple[FoundBox, ...]
    spoiled: tuple[Spoiled, ...]
    changed: tuple[str, ...]


def batches(files: Sequence[ImageFile], size: int) -> list[Batch]:
    """The files in batches of `size`; the last may be smaller."""
    return [Batch(tuple(files[at : at + size])) for at in range(0, len(files), size)]


def stages(
    detector: Detector, session: onnxruntime.InferenceSession, *, is_strict: bool, is_apart: bool
) -> tuple[Stage, ...]:
    """The four stages, the first two as one unless they are to be `apart`.

    With `is_strict` a file that cannot be decoded is an error of its stage.
    """
    work = _Work(detector, session, is_strict=is_strict)
    fetch, prepare_ = Stage(FETCH, work.fetch), Stage(PREPARE, work.prepare)
    first = (fetch, prepare_) if is_apart else (fetch.merged(prepare_),)
    return (*first, Stage(INFER, work.infer), Stage(BOXES, work.boxes))


@final
class _Work:
    """What each stage does to a batch."""

    def __init__(
        self, detector: Detector, session: onnxruntime.InferenceSession, *, is_strict: bool
    ) -> None:
        self._detector = detector
        self._session = session
        self._is_strict = is_strict

    def fetch(self, batch: Batch) -> Batch:
        """Files read and decoded."""
        files, pixels, spoiled = [], [], []
        for file in batch.files:
            try:
                pixels.append(read_numbered(file.path, file.index, file.name))
                files.append(file)
            except DataError as error:
                if self._is_strict:
                    raise
                spoiled.append(Spoiled(file, error.what.partition(": ")[2] or error.what))
        return Batch(tuple(files), tuple(spoiled), tuple(pixels))

    def prepare(self, batch: Batch) -> Batch:
        """Pixels resized and normalised."""
        detector = self._detector
        values = [
            prepare(each.pixels, resize=detector.resize, size=detector.size).values_chw
            for each in batch.pixels
        ]
        return Batch(
            batch.files,
            batch.spoiled,
            sizes=tuple((each.pixels.shape[1], each.pixels.shape[0]) for each in batch.pixels),
            changed=tuple(each.was for each in batch.pixels if each.was != "rgb"),
            images_bchw=np.stack(values) if values else None,
        )

    def infer(self, batch: Batch) -> Batch:
        """The map of the head. Raises `GraphError` naming the first layer that gives no number."""
        if batch.images_bchw is None:
            return batch
        (head_bchw,) = self._session.run(None, {self._detector.input: batch.images_bchw})
        if not np.isfinite(head_bchw).all():
            for image_chw in batch.images_bchw:
                refusal = first_not_finite(self._detector.graph, image_chw[None])
                if refusal is not None:
                    raise refusal
        return Batch(
            batch.files, batch.spoiled, sizes=batch.sizes, changed=batch.changed,
            head_bchw=head_bchw,
        )  # fmt: skip

    def boxes(self, batch: Batch) -> Answered:
        """The surest box of each."""
        if batch.head_bchw is None:
            return Answered((), batch.spoiled, ())
        decoded = decode(batch.head_bchw, batch.sizes, self._detector.anchors)
        found = []
        for file, each in zip(batch.files, decoded, strict=True):
            x_min, y_min, x_max, y_max = map(float, each.boxes[0])
            found.append(FoundBox(file, (x_min, y_min, x_max, y_max), float(each.scores[0])))
        return Answered(tuple(found), batch.spoiled, batch.changed)
