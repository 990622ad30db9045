"""Files with the numbers of one frame in each line, as GOT-10k has them."""

from __future__ import annotations

import math
from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError

_SIDES = 4


def read_boxes(path: Path, name: str) -> NDArray[np.float64]:
    """x, y, width, height of each frame, [T, 4]. Raises `DataError` naming sequence and line."""
    boxes_t4 = read_numbers(path, name)
    if boxes_t4.shape[1] != _SIDES:
        raise _refusal(
            f"line 1 of sequence {name} has {boxes_t4.shape[1]} numbers", path, "give x,y,w,h"
        )
    return boxes_t4


def read_numbers(path: Path, name: str) -> NDArray[np.float64]:
    """The numbers of each line, divided by commas, blanks or tabs; a word is refused by line."""
    rows: list[list[float]] = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = [float(word) for word in line.replace(",", " ").split()]
        except ValueError:
            row = []
        if not row or (rows and len(row) != len(rows[0])):
            raise _refusal(
                f"line {number} of sequence {name} is {line.strip()!r}",
                path,
                "give the same count of numbers in each line, with commas between",
            )
        rows.append(row)
    return np.array(rows, dtype=np.float64).reshape(len(rows), -1 if rows else _SIDES)


def read_text(path: Path) -> str:
    """A file as text. Raises `DataError` where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path.name} cannot be read: {getattr(error, 'strerror', None) or error}",
            where=str(path),
            fix="give a folder in the layout of GOT-10k",
        ) from error


def require_boxes(
    boxes_t4: NDArray[np.float64],
    name: str,
    path: Path,
    frames: int,
    *,
    lenient: bool = False,
    ignored: Collection[int] = (),
) -> None:
    """Raise `DataError` unless there is a box with an area for each frame.

    With `lenient` boxes with NaN pass, and frames in `ignored` may have any.
    """
    for number, box in enumerate(boxes_t4.tolist(), 1):
        if number - 1 in ignored:
            continue
        told = ",".join(f"{each:g}" for each in box)
        if not all(map(math.isfinite, box)):
            if lenient and not any(map(math.isinf, box)):
                continue
            raise _refusal(
                f"line {number} of sequence {name} is {told}",
                path,
                "give finite numbers; with --lenient NaN counts as overlap 0",
            )
        if box[2] <= 0 or box[3] <= 0:
            raise _refusal(
                f"line {number} of sequence {name} is {told}, a box without area",
                path,
                "give a width and a height above 0",
            )
    if len(boxes_t4) != frames:
        raise _refusal(
            f"sequence {name} has {frames} frames and {len(boxes_t4)} lines; "
            f"line {min(len(boxes_t4), frames) + 1} is "
            + ("missing" if len(boxes_t4) < frames else "too many"),
            path,
            "give one line for each frame, the first included",
        )


def _refusal(what: str, path: Path, fix: str) -> DataError:
    return DataError(what, where=str(path), fix=fix)
