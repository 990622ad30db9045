"""`CocoImages`: images with boxes as the detection task of COCO has them.

    annotations.json    images, annotations with bbox [x, y, width, height], categories
    images/…            the files that it names

The sub-category of an object is in `extra.sub_category` of its annotation.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, final

from dlscope.core.errors import DataError
from dlscope.core.whole_file import write_whole
from dlscope.data.image_files import make_folder, read_numbered, write_jpeg
from dlscope.data.uav_image import Box, UavImage, box_fault

ANNOTATIONS, IMAGES = "annotations.json", "images"
_PARTS = ("images", "annotations", "categories")
_ID, _NUMBER = (int, str), (int, float)


@final
class CocoImages:
    """The images that `annotations.json` below `root` lists, each read when it is asked for.

    Crowds have no box. What is left out or changed is counted in `counts`: `boxes` that are
    useless, `grey` images and such with `alpha`. Raises `DataError` for a list that is malformed.
    """

    def __init__(self, root: Path) -> None:
        self._root, path = root, root / ANNOTATIONS
        listed = _listed(path)
        self.counts: Counter[str] = Counter()
        self._categories = {each["id"]: str(each["name"]) for each in listed["categories"]}
        self._images = [_checked_image(each, path) for each in listed["images"]]
        known = {each["id"] for each in self._images}
        self._objects: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        for number, each in enumerate(listed["annotations"]):
            _check_object(each, f"{path}, annotations[{number}]", known, self._categories)
            if not each.get("iscrowd"):
                self._objects[each["image_id"]].append(each)

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> UavImage:
        """The image at `index`. Raises `DataError` where its file cannot be decoded."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        listed = self._images[index]
        name = str(Path(listed["file_name"]).with_suffix("").as_posix())
        image = read_numbered(self._root / IMAGES / listed["file_name"], index, name)
        self.counts[image.was] += image.was != "rgb"
        objects = self._objects[listed["id"]]
        first = objects[0] if objects else {}
        class_name = self._categories.get(first.get("category_id"), "")
        sub_category = first.get("extra", {}).get("sub_category", class_name)
        return UavImage(name, class_name, sub_category, image.pixels, self._boxes(listed, objects))

    def _boxes(
        self, listed: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]
    ) -> tuple[Box, ...]:
        size = (float(listed["width"]), float(listed["height"]))
        boxes = [_corners(each["bbox"]) for each in objects]
        usable = tuple(box for box in boxes if box_fault(box, size) is None)
        self.counts["boxes"] += len(boxes) - len(usable)
        return usable


def write_coco_images(folder: Path, images: Iterable[UavImage], class_names: Sequence[str]) -> None:
    """Write each image below `folder`/images and one list of all; categories count from 1.

    Raises `FileError` where they cannot be written.
    """
    numbers = {name: number for number, name in enumerate(class_names, start=1)}
    listed: dict[str, list[Any]] = {part: [] for part in _PARTS}
    listed["categories"] = [{"id": number, "name": name} for name, number in numbers.items()]
    for image_id, each in enumerate(images, start=1):
        file_name = f"{each.name}.jpg"
        write_jpeg(folder / IMAGES / file_name, each.image_hwc)
        height, width = each.image_hwc.shape[:2]
        listed["images"].append(
            {"id": image_id, "file_name": file_name, "width": width, "height": height}
        )
        for x_min, y_min, x_max, y_max in each.boxes:
            sides = (x_max - x_min, y_max - y_min)
            listed["annotations"].append(
                {
                    "id": len(listed["annotations"]) + 1,
                    "image_id": image_id,
                    "category_id": numbers[each.class_name],
                    "bbox": [x_min, y_min, *sides],
                    "area": sides[0] * sides[1],
                    "iscrowd": 0,
                    "extra": {"sub_category": each.sub_category},
                }
            )
    make_folder(folder)
    write_whole(folder / ANNOTATIONS, json.dumps(listed, indent=1) + "\n")


def _listed(path: Path) -> dict[str, Any]:
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(
            f"the list of images cannot be read: {(error.strerror or 'no reason given').lower()}",
            where=str(path),
            fix=f"put the list of the detection task of COCO there, beside a folder {IMAGES}",
        ) from None
    except (ValueError, RecursionError):
        raise _malformed("the list of images is not JSON", str(path)) from None
    for part in _PARTS:
        if not isinstance(listed, dict) or not isinstance(listed.get(part), list):
            raise _malformed(f"there is no list {part!r}", str(path))
    for number, each in enumerate(listed["categories"]):
        _require(each, {"id": _ID, "name": str}, f"{path}, categories[{number}]")
    return dict(listed)


def _checked_image(listed: Any, path: Path) -> dict[str, Any]:
    fields = {"id": _ID, "file_name": str, "width": _NUMBER, "height": _NUMBER}
    _require(listed, fields, f"{path}, images")
    name = Path(listed["file_name"])
    if not name.name or name.is_absolute() or ".." in name.parts:
        raise _malformed(f"the file {listed['file_name']!r} leaves the folder", f"{path}, images")
    return dict(listed)


def _check_object(listed: Any, where: str, images: set[Any], categories: Mapping[Any, str]) -> None:
    _require(listed, {"image_id": _ID, "category_id": _ID, "bbox": list}, where)
    if not isinstance(listed.get("extra", {}), dict):
        raise _malformed(f"extra is {listed['extra']!r}, no mapping", where)
    if listed["image_id"] not in images:
        raise _malformed(f"there is no image {listed['image_id']!r}", where)
    if listed["category_id"] not in categories:
        raise _malformed(f"there is no category {listed['category_id']!r}", where)
    bbox = listed["bbox"]
    if len(bbox) != 4 or not all(isinstance(n, int | float) for n in bbox):
        raise _malformed(f"bbox is {bbox!r}, not [x, y, width, height]", where)


def _require(listed: Any, fields: Mapping[str, Any], where: str) -> None:
    for field, kind in fields.items():
        if not isinstance(listed, dict) or field not in listed:
            raise _malformed(f"{field} is missing", where)
        if not isinstance(listed[field], kind):
            raise _malformed(f"{field} is {listed[field]!r}", where)


def _corners(bbox: Sequence[float]) -> Box:
    x, y, width, height = bbox
    return x, y, x + width, y + height


def _malformed(what: str, where: str) -> DataError:
    return DataError(what, where=where, fix="give a list of the detection task of COCO")
