"""`Annotation`: the objects of an image of the contest, as its XML file tells them.

    annotation / filename, size / width, height, object / name, bndbox / xmin, ymin, xmax, ymax

Tags are found by name in any order. Some entries of the contest write `length` for `height` and
coordinates with decimals; both are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import final
from xml.etree import ElementTree

from dlscope.core.errors import DataError
from dlscope.data.uav_image import Box, box_fault

_SIDES = ("xmin", "ymin", "xmax", "ymax")


@final
@dataclass(frozen=True)
class Annotation:
    """File it is from, size (width, height) of the image, name and box of each object."""

    path: Path
    size: tuple[float, float]
    objects: tuple[tuple[str, Box], ...]

    @classmethod
    def read(cls, path: Path) -> Annotation:
        """The annotation in a file. Raises `DataError` for a file that is not one."""
        root = _root(path)
        size = root.find("size")
        height = "height" if root.find("size/height") is not None else "length"
        return cls(
            path,
            (_number(size, "width", path), _number(size, height, path)),
            tuple(
                (each.findtext("name", "").strip(), _box(each.find("bndbox"), path))
                for each in root.iter("object")
            ),
        )

    def usable(self) -> tuple[tuple[Box, ...], int]:
        """Boxes to train with, and how many are left out: outside, empty or below 1 px²."""
        boxes = tuple(box for _, box in self.objects if self.fault(box) is None)
        return boxes, len(self.objects) - len(boxes)

    def only_box(self) -> Box:
        """The box to score by. Raises `DataError` unless there is exactly one, a usable one."""
        if len(self.objects) != 1:
            raise DataError(
                f"{len(self.objects)} objects are annotated where the contest has one",
                where=str(self.path),
                fix="give the annotations of the contest, one object to an image",
            )
        ((_, box),) = self.objects
        fault = self.fault(box)
        if fault is not None:
            raise DataError(
                f"the box ({', '.join(f'{side:g}' for side in box)}) {fault}",
                where=str(self.path),
                fix="correct the box: xmin < xmax, ymin < ymax, in pixels of the image",
            )
        return box

    def fault(self, box: Box) -> str | None:
        """What is wrong with a box, as the end of a sentence; None where nothing is."""
        return box_fault(box, self.size)


def annotation_xml(filename: str, size: tuple[int, int], name: str, box: Box) -> bytes:
    """The annotation of one object in an image of `size` (width, height)."""
    root = ElementTree.Element("annotation")
    ElementTree.SubElement(root, "filename").text = filename
    sides = ElementTree.SubElement(root, "size")
    for tag, side in zip(("width", "height"), size, strict=True):
        ElementTree.SubElement(sides, tag).text = str(side)
    element = ElementTree.SubElement(root, "object")
    ElementTree.SubElement(element, "name").text = name
    bounds = ElementTree.SubElement(element, "bndbox")
    for tag, place in zip(_SIDES, box, strict=True):
        ElementTree.SubElement(bounds, tag).text = _written(place)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8")) + b"\n"


def _written(place: float) -> str:
    """Whole numbers as the contest has them, others so that they are read as they were."""
    return str(int(place)) if float(place).is_integer() else str(float(place))


def _root(path: Path) -> ElementTree.Element:
    try:
        content = path.read_bytes()
        # An annotation declares no entities; those that do can grow without end.
        if b"<!" in content.replace(b"<!--", b""):
            raise DataError(
                "an annotation declares a type of document",
                where=str(path),
                fix="leave out <!DOCTYPE …> and <!ENTITY …>",
            )
        return ElementTree.fromstring(content)
    except (OSError, ElementTree.ParseError) as error:
        raise DataError(
            f"an annotation cannot be read: {error}",
            where=str(path),
            fix="give XML as the contest has it",
        ) from error


def _box(element: ElementTree.Element | None, path: Path) -> Box:
    x_min, y_min, x_max, y_max = (_number(element, side, path) for side in _SIDES)
    return x_min, y_min, x_max, y_max


def _number(element: ElementTree.Element | None, tag: str, path: Path) -> float:
    text = None if element is None else element.findtext(tag)
    try:
        return float(text or "")
    except ValueError as error:
        found = "is missing" if text is None else f"is {text!r}"
        raise DataError(
            f"{tag} {found} in an annotation",
            where=str(path),
            fix=f"give <{tag}> as a number of pixels",
        ) from error
