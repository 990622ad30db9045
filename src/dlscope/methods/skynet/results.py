"""Boxes that a team hands in, against the annotations: `image,xmin,ymin,xmax,ymax` a line.

An image is known by its path below the folder of annotations, without the ending: `boat1/000001`.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import final

from dlscope.core.errors import DataError
from dlscope.core.whole_file import write_whole
from dlscope.data.contest_annotation import Annotation
from dlscope.data.uav_image import Box
from dlscope.metrics.boxes import box_iou

COLUMNS = ("image", "xmin", "ymin", "xmax", "ymax")
_TOLD = 10


@final
@dataclass(frozen=True)
class Overlaps:
    """IoU of every image of the ground truth, 0 for those that are `missing` from the results."""

    by_image: Mapping[str, float]
    missing: tuple[str, ...]

    @property
    def mean(self) -> float:
        """What the contest scores by."""
        return math.fsum(self.by_image.values()) / len(self.by_image)


def read_results(path: Path) -> dict[str, Box]:
    """The box of each image. Raises `DataError` naming the line that is wrong, or doubled images.

    The first line names the columns.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            _require_columns(reader.fieldnames or (), path)
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"the results cannot be read: {getattr(error, 'strerror', None) or error}",
            where=str(path),
            fix=f"give a CSV file with the columns {', '.join(COLUMNS)}, such as "
            "`dlscope skynet pipeline --results` writes",
        ) from error
    boxes: dict[str, Box] = {}
    doubled = []
    for line, row in rows:
        name = _key(row["image"] or "")
        doubled += [name] if name in boxes else []
        boxes[name] = _box(row, path, line)
    if doubled:
        raise _listed("is in the results twice", "are in the results twice", doubled, path)
    return boxes


def write_results(path: Path, boxes: Mapping[str, Box]) -> None:
    """Write the box of each image as `read_results` reads them. Raises `FileError`."""
    lines = [",".join(COLUMNS)]
    lines += [f"{name},{','.join(f'{side:.3f}' for side in box)}" for name, box in boxes.items()]
    write_whole(path, "\n".join(lines) + "\n")


def read_truth(root: Path) -> dict[str, Box]:
    """The only box of each annotation below a folder. Raises `DataError` for none and for others.

    All that is wrong with them is not told at once: the first tells enough.
    """
    truth = {
        _key(path.relative_to(root).as_posix()): Annotation.read(path).only_box()
        for path in sorted(root.rglob("*.xml"))
    }
    if not truth:
        raise DataError(
            "there is no annotation",
            where=str(root),
            fix="give the folder of the annotations, such as boat1/000001.xml",
        )
    return truth


def overlaps(results: Mapping[str, Box], truth: Mapping[str, Box], where: Path) -> Overlaps:
    """Results against the truth. Raises `DataError` for images that the truth does not know."""
    unknown = sorted(results.keys() - truth.keys())
    if unknown:
        raise _listed("has no annotation", "have no annotation", unknown, where)
    by_image = {
        name: float(box_iou([results[name]], [box])[0, 0]) if name in results else 0.0
        for name, box in truth.items()
    }
    return Overlaps(by_image, tuple(name for name in truth if name not in results))


def listing(names: Iterable[str]) -> str:
    """Up to ten names, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return ", ".join(names[:_TOLD]) + more


def _listed(one: str, several: str, names: list[str], where: Path) -> DataError:
    subject = f"1 image {one}" if len(names) == 1 else f"{len(names)} images {several}"
    return DataError(
        f"{subject}: {listing(names)}",
        where=str(where),
        fix="give one line for each image of the ground truth",
    )


def _require_columns(found: Iterable[str], path: Path) -> None:
    missing = [column for column in COLUMNS if column not in set(found)]
    if missing:
        raise DataError(
            f"the results have no column {missing[0]!r}",
            where=f"{path}, line 1",
            fix=f"begin with the line {','.join(COLUMNS)}",
        )


def _box(row: Mapping[str, str | None], path: Path, line: int) -> Box:
    numbers = []
    for column in COLUMNS[1:]:
        text = row[column]
        try:
            number = float(text or "")
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise DataError(
                f"{column} is {text!r}",
                where=f"{path}, line {line}",
                fix="give a finite number of pixels",
            )
        numbers.append(number)
    x_min, y_min, x_max, y_max = numbers
    return x_min, y_min, x_max, y_max


def _key(name: str) -> str:
    path = PurePosixPath(name.strip().replace("\\", "/"))
    return path.with_suffix("").as_posix() if path.name else name
