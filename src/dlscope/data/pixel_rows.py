"""`PixelRows`: small pictures as lines of numbers in one text file, their class at the end."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.digest import bytes_digest, digest
from dlscope.core.errors import DataError, ManifestError, did_you_mean
from dlscope.data.base import Dataset, Item

_LARGEST = 255
_AXES = 3


@final
class PixelRows(Dataset):
    """A line of the file `root`, which may be compressed by gzip, is an item.

    It holds the pixels, 0 … 255, of a picture of the option `shape`, [height, width, channels],
    row by row, and then the integer of its class, all separated by commas. An item is
    `(uint8 array of that shape, {"label": int})`, its id the number of its line, from 0 on.
    """

    name: ClassVar[str] = "pixel_rows"
    _pixels_nhwc: NDArray[np.uint8]
    _labels: NDArray[np.int64]

    def _open(self) -> None:
        shape = self._shape()
        if self.root is None or not self.root.is_file():
            raise self._unreadable(
                "rows of pixels are read from a file",
                where=str(self.root or "reader pixel_rows"),
                fix="let source name an existing file",
            )
        table = _numbers(self.root)
        size = int(np.prod(shape))
        if table.shape[1] != size + 1:
            raise self._unreadable(
                f"a line has {table.shape[1]} numbers, expected {size} pixels and a class",
                where=str(self.root),
                fix="correct options.shape, or the file",
            )
        pixels = table[:, :size]
        if pixels.min() < 0 or pixels.max() > _LARGEST or table[:, size].min() < 0:
            raise self._unreadable(
                "a pixel is not within 0 … 255, or a class is below 0",
                where=str(self.root),
                fix="correct the file",
            )
        self._pixels_nhwc = pixels.astype(np.uint8).reshape(len(table), *shape)
        self._labels = table[:, size].astype(np.int64)

    def __len__(self) -> int:
        return len(self._labels)

    def _get(self, index: int) -> Item:
        target = {"label": int(self._labels[index])}
        return Item(self.item_id(index), self._pixels_nhwc[index], target)

    def item_id(self, index: int) -> str:
        """The number of its line, with leading zeros."""
        return str(index).zfill(len(str(len(self) - 1)))

    def item_digest(self, index: int) -> str:
        """SHA-256 over the pixels and the class."""
        pixels = self._pixels_nhwc[index]
        content = [list(pixels.shape), bytes_digest(pixels.tobytes())]
        return digest({"input": content, "target": {"label": int(self._labels[index])}})

    def labels(self) -> Sequence[int]:
        """The last number of every row."""
        labels: list[int] = self._labels.tolist()
        return labels

    def place(self, index: int) -> str:
        """The file and the line, counted from 1 as editors do; empty ones and remarks count."""
        assert self.root is not None
        with _opened(self.root) as file:
            rows = (n for n, line in enumerate(file, 1) if line.partition("#")[0].strip())
            return f"{self.root}, line {next(islice(rows, index, None))}"

    def _shape(self) -> tuple[int, int, int]:
        for option in sorted(set(self.options) - {"shape"}):
            raise _wrong(option, f"unknown option {option!r}", did_you_mean(option, ("shape",)))
        shape: Any = self.options.get("shape")
        is_list = isinstance(shape, list) and len(shape) == _AXES
        if not is_list or not all(type(each) is int and each > 0 for each in shape):
            raise _wrong("shape", f"{shape!r} is not a shape", "write [height, width, channels]")
        height, width, channels = shape
        return height, width, channels


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="ascii")
    return path.open(encoding="ascii")


def _numbers(path: Path) -> NDArray[np.int64]:
    try:
        with _opened(path) as file:
            table = np.loadtxt(file, delimiter=",", dtype=np.int64, ndmin=2)
    except (OSError, EOFError, ValueError) as error:
        raise DataError(
            f"the rows cannot be read: {error}",
            where=str(path),
            fix="restore the file: whole numbers, as many on every line",
        ) from error
    if not table.size:
        raise DataError("there are no rows", where=str(path), fix="restore the file")
    return table


def _wrong(option: str, what: str, fix: str) -> ManifestError:
    return ManifestError(what, where=f"reader pixel_rows, options.{option}", fix=fix)
