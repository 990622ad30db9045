"""`ContestImages`: images beside their annotations, as the DAC System Design Contest has them.

    car12/000123.jpg    car12/000123.xml

An image is known by its path without the ending; its folder, a class and a number, is its
sub-category.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import final

from dlscope.core.errors import DataError
from dlscope.core.whole_file import write_whole
from dlscope.data.contest_annotation import Annotation, annotation_xml
from dlscope.data.image_files import read_numbered, write_jpeg
from dlscope.data.uav_image import UavImage

_ENDINGS = (".jpg", ".jpeg", ".png")
_DIGITS = "0123456789"


@final
@dataclass(frozen=True)
class ContestFile:
    """The name of an image, its file and that of its annotation; None for one that is missing."""

    name: str
    image: Path | None
    annotation: Path | None


@final
class ContestImages:
    """The images below `root` in the order of their names, each read when it is asked for.

    All usable objects of an annotation have a box. What is left out or changed is counted in
    `counts`: `boxes` that are useless, `grey` images and such with `alpha`. Raises `DataError`
    where there is no image.
    """

    def __init__(self, root: Path) -> None:
        self.files = contest_files(root)
        self.counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> UavImage:
        """The image at `index`. Raises `DataError` naming what is wrong with one of its files."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        file = self.files[index]
        if file.image is None or file.annotation is None:
            raise _alone(file)
        annotation = Annotation.read(file.annotation)
        image = read_numbered(file.image, index, file.name)
        boxes, dropped = annotation.usable()
        self.counts["boxes"] += dropped
        self.counts[image.was] += image.was != "rgb"
        sub_category = _sub_category(file, annotation)
        return UavImage(file.name, sub_category.rstrip(_DIGITS), sub_category, image.pixels, boxes)


def contest_files(root: Path) -> tuple[ContestFile, ...]:
    """Every image and annotation below `root`, by name. Raises `DataError` where there is none."""
    images: dict[str, Path] = {}
    annotations: dict[str, Path] = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).with_suffix("").as_posix()
        if path.suffix.lower() in _ENDINGS:
            images[name] = path
        elif path.suffix.lower() == ".xml":
            annotations[name] = path
    if not images:
        raise DataError(
            "there are no images of the contest",
            where=str(root),
            fix="give a folder with CLASS1/NAME.jpg beside CLASS1/NAME.xml",
        )
    return tuple(
        ContestFile(name, images.get(name), annotations.get(name))
        for name in sorted(images.keys() | annotations.keys())
    )


def write_contest_images(folder: Path, images: Iterable[UavImage]) -> None:
    """Write each image, with one object, and its annotation below `folder`.

    Raises `FileError` where they cannot be written.
    """
    for each in images:
        path = folder / f"{each.name}.jpg"
        write_jpeg(path, each.image_hwc)
        height, width = each.image_hwc.shape[:2]
        (box,) = each.boxes
        written = annotation_xml(path.name, (width, height), each.sub_category, box)
        write_whole(path.with_suffix(".xml"), written)


def _alone(file: ContestFile) -> DataError:
    is_image = file.annotation is None
    return DataError(
        "the image has no annotation" if is_image else "the annotation has no image",
        where=str(file.image if is_image else file.annotation),
        fix="restore the file beside it, or remove this one",
    )


def _sub_category(file: ContestFile, annotation: Annotation) -> str:
    """The folder's name; without a folder, the name of the first object."""
    folder, _, _ = file.name.rpartition("/")
    if folder:
        return folder.rpartition("/")[2]
    return annotation.objects[0][0] if annotation.objects else ""
