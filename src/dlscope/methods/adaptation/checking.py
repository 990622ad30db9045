"""`check_scenes`: every fault in the files of a data set, before anything is trained on it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np

from dlscope.core.errors import DataError
from dlscope.core.report import Finding, Report
from dlscope.core.table import Column, Table
from dlscope.data.labelled_scenes import LabelledImage, label_form, scene_images
from dlscope.data.scene_classes import CLASSES, IGNORED
from dlscope.data.scene_files import (
    LabelForm,
    looks_like_training_ids,
    read_ids,
    read_image,
    read_labels,
)
from dlscope.methods.adaptation.pictures import DomainFolder

_HEAD_BYTES = 64 * 1024
FAULTS = (
    Column("file", "str", "file with the fault", role="id"),
    Column("fault", "str", "what is wrong"),
    Column("fix", "str", "how to mend it"),
)
CLASS_COLUMNS = (
    Column("class", "str", "class", role="id"),
    Column("kind", "str", "stuff or thing"),
    Column("pixels", "int", "labelled pixels", role="count"),
    Column("share", "float", "share of the pixels that are not ignored", role="share"),
    Column("images", "int", "images with at least one of them", role="count"),
)
SIZES = (
    Column("width", "int", "width of images", "pixel", role="value"),
    Column("height", "int", "height of images", "pixel", role="value"),
    Column("images", "int", "images of this size", role="count"),
)


@final
@dataclass
class _Seen:
    """What a scan has found so far."""

    faults: list[DataError] = field(default_factory=list)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    ids: set[int] = field(default_factory=set)
    pixels: np.ndarray = field(default_factory=lambda: np.zeros(len(CLASSES), dtype=np.int64))
    images: np.ndarray = field(default_factory=lambda: np.zeros(len(CLASSES), dtype=np.int64))
    ignored: int = 0


def check_scenes(
    folder: DomainFolder,
    *,
    is_labelled: bool = True,
    told: Callable[[str, float], None] = lambda _step, _share: None,
) -> Report:
    """Tables `faults`, `classes` and `sizes` of a data set, and its fingerprint.

    All files are read and all faults told. Raises `DataError` where there are no images at all.
    """
    images = scene_images(
        folder.root,
        folder.format,
        folder.split,
        listed=folder.listed,
        labels_folder=folder.labels_folder,
    )
    form, seen = label_form(folder.format, folder.labels), _Seen()
    for number, each in enumerate(images):
        told("reading files", number / len(images))
        _look(each, form, seen, is_labelled=is_labelled)
    if form == "label_id" and looks_like_training_ids(seen.ids):
        seen.faults.append(
            DataError(
                "all ids are those of training",
                where=str(folder.root),
                fix="these look like ids of training: use --labels train_id",
            )
        )
    return _report(folder, images, seen)


def fingerprint(images: Sequence[LabelledImage]) -> str:
    """SHA-256 over name, size and the first 64 KiB of each file, in the order of names."""
    whole = hashlib.sha256()
    for each in sorted(images, key=lambda image: image.name):
        for path in (each.image, each.labels):
            if path.is_file():
                with path.open("rb") as file:
                    head = file.read(_HEAD_BYTES)
                whole.update(f"{path.name} {path.stat().st_size} ".encode() + head)
    return whole.hexdigest()


def _look(each: LabelledImage, form: LabelForm, seen: _Seen, *, is_labelled: bool) -> None:
    size = None
    try:
        image = read_image(each.image)
        size = image.pixels.shape[:2]
        seen.sizes[size[1], size[0]] += 1
        seen.kinds[image.was] += 1
    except DataError as fault:
        seen.faults.append(fault)
    if not is_labelled:
        return
    if not each.labels.is_file():
        seen.faults.append(
            DataError(
                "the image has no labels",
                where=str(each.labels),
                fix="restore the file, or leave the image out with --on-bad skip",
            )
        )
        return
    try:
        _look_at_labels(each, form, seen, size)
    except DataError as fault:
        seen.faults.append(fault)


def _look_at_labels(
    each: LabelledImage, form: LabelForm, seen: _Seen, size: tuple[int, ...] | None
) -> None:
    ids = read_ids(each.labels, form)
    seen.ids |= set(np.unique(ids).tolist())
    if size is not None and ids.shape != size:
        seen.faults.append(
            DataError(
                f"the image is {size[1]}x{size[0]}, its labels {ids.shape[1]}x{ids.shape[0]}",
                where=str(each.labels),
                fix="restore the pair, or leave it out with --on-bad skip",
            )
        )
    labels = read_labels(each.labels, form)
    counts = np.bincount(labels.ravel(), minlength=256)
    seen.pixels += counts[: len(CLASSES)]
    seen.images += counts[: len(CLASSES)] > 0
    seen.ignored += int(counts[IGNORED] == labels.size)


def _report(folder: DomainFolder, images: Sequence[LabelledImage], seen: _Seen) -> Report:
    total = int(seen.pixels.sum())
    faults = Table.of(
        "faults",
        FAULTS,
        [{"file": each.where, "fault": each.what, "fix": each.fix} for each in seen.faults],
    )
    classes = Table.of(
        "classes",
        CLASS_COLUMNS,
        [
            {
                "class": known.name,
                "kind": known.kind,
                "pixels": int(seen.pixels[i]),
                "share": int(seen.pixels[i]) / total if total else None,
                "images": int(seen.images[i]),
            }
            for i, known in enumerate(CLASSES)
        ],
    )
    sizes = Table.of(
        "sizes",
        SIZES,
        [
            {"width": width, "height": height, "images": count}
            for (width, height), count in sorted(seen.sizes.items())
        ],
    )
    told = "no fault" if not seen.faults else f"{len(seen.faults)} faults"
    return Report(
        title=f"Data set {folder.root.name}",
        answer=f"{len(images)} images of format {folder.format}: {told}. "
        f"Fingerprint {fingerprint(images)[:16]}.",
        tables=(faults, classes, sizes),
        findings=_findings(seen),
        warnings=_warnings(seen, len(images)),
    )


def _findings(seen: _Seen) -> tuple[Finding, ...]:
    if not seen.faults:
        return ()
    claim = f"{len(seen.faults)} faults have to be mended before training"
    return (Finding("bad", claim, "faults", tuple(range(len(seen.faults)))),)


def _warnings(seen: _Seen, images: int) -> tuple[str, ...]:
    said = [
        f"{count} images are {what}, and will be read as three colors"
        for what, count in (("grey", seen.kinds["grey"]), ("with alpha", seen.kinds["alpha"]))
        if count
    ]
    if seen.ignored > 0.05 * images:
        said.append(f"in {seen.ignored} of {images} images all labels are ignored")
    return tuple(said)
