"""Sequences and results in the layout of GOT-10k (Huang, Zhao and Huang 2019).

FOLDER/list.txt                       a name of a sequence in each line
FOLDER/NAME/00000001.jpg …            frames
FOLDER/NAME/groundtruth.txt           x,y,w,h of each frame
FOLDER/NAME/cover.label               0…8 of each frame
FOLDER/NAME/meta_info.ini             [METAINFO], then key: value, such as object_class
RESULTS/TRACKER/NAME/NAME_001.txt     x,y,w,h of each frame, three decimals
RESULTS/TRACKER/NAME/NAME_time.txt    seconds of each frame
"""

from __future__ import annotations

import glob
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dlscope.core.errors import DataError
from dlscope.core.whole_file import write_whole
from dlscope.methods.skynet.tracking.box_lines import (
    read_boxes,
    read_numbers,
    read_text,
    require_boxes,
)

_FULL_COVER = 8


@final
class FolderFrames:
    """The frames of a folder in order, each read when it is looked at."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = tuple(paths)

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int) -> NDArray[np.uint8]:
        """One frame [H, W, 3]. Raises `DataError` for a file that is no image."""
        path = self._paths[index]
        try:
            with Image.open(path) as image:
                return np.asarray(image.convert("RGB"), dtype=np.uint8)
        except (OSError, SyntaxError) as error:
            raise DataError(
                f"frame {index} cannot be read: {error}",
                where=str(path),
                fix="restore the file, or leave the sequence out of list.txt",
            ) from error


@final
@dataclass(frozen=True)
class FolderSequence:
    """A sequence of a folder; see `sequences.Sequence`."""

    name: str
    class_name: str
    frames: FolderFrames
    boxes_xywh: NDArray[np.float64]
    cover: NDArray[np.int64]
    masks: None = None


def read_sequences(root: Path) -> list[FolderSequence]:
    """Every sequence that `list.txt` names. Raises `DataError` for what is missing or malformed."""
    names = [line.strip() for line in read_text(root / "list.txt").splitlines() if line.strip()]
    return [_sequence(root / name, name) for name in names]


def write_results(
    root: Path, tracker: str, name: str, runs: Sequence[Any], seconds_rt: Any
) -> Path:
    """Write boxes and times of one tracker on one sequence as the official toolkit does.

    The file of the first run is returned; of several runs times are beside one another.
    """
    folder = root / tracker / name
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}_{number:03}.txt" for number in range(1, len(runs) + 1)]
    for path, boxes_t4 in zip(paths, runs, strict=True):
        _write(path, boxes_t4, "%.3f")
    _write(folder / f"{name}_time.txt", np.transpose(seconds_rt), "%.8f")
    return paths[0]


def read_results(
    root: Path, tracker: str, name: str, frames: int, *, lenient: bool = False
) -> tuple[tuple[NDArray[np.float64], ...], NDArray[np.float64]]:
    """Boxes [T, 4] of each run and seconds [R, T] of a tracker on a sequence of `frames`.

    Raises `DataError`, naming sequence and line, for fewer or more lines than frames and for a
    box without area or with NaN; with `lenient` a NaN is kept and counts as overlap 0. Without
    times there are none.
    """
    folder = root / tracker / name
    paths = sorted(folder.glob(f"{glob.escape(name)}_[0-9]*.txt"))
    if not paths:
        raise DataError(
            f"there are no results of {tracker!r} for the sequence {name}",
            where=str(folder / f"{name}_001.txt"),
            fix="give with --results a folder with TRACKER/SEQUENCE/SEQUENCE_001.txt, such as "
            "`dlscope skynet track` writes with --results",
        )
    runs = []
    for path in paths:
        boxes_t4 = read_boxes(path, name)
        require_boxes(boxes_t4, name, path, frames, lenient=lenient)
        runs.append(boxes_t4)
    times = folder / f"{name}_time.txt"
    seconds_rt = read_numbers(times, name).T if times.is_file() else np.empty((len(runs), 0))
    return tuple(runs), seconds_rt


def _write(path: Path, rows: Any, format: str) -> None:
    text = io.StringIO()
    np.savetxt(text, rows, fmt=format, delimiter=",")
    write_whole(path, text.getvalue())


def _sequence(folder: Path, name: str) -> FolderSequence:
    frames = FolderFrames(sorted(folder.glob("*.jpg")))
    cover = folder / "cover.label"
    cover_t = (
        read_numbers(cover, name)[:, 0].astype(np.int64)
        if cover.is_file()
        else np.full(len(frames), _FULL_COVER)
    )
    path = folder / "groundtruth.txt"
    boxes_t4 = read_boxes(path, name)
    hidden = set(np.flatnonzero(cover_t == 0).tolist())
    require_boxes(boxes_t4, name, path, len(frames), ignored=hidden)
    return FolderSequence(name, _class_name(folder / "meta_info.ini"), frames, boxes_t4, cover_t)


def _class_name(path: Path) -> str:
    """The value of `object_class`, empty where nothing is told."""
    if not path.is_file():
        return ""
    pairs = (line.partition(":") for line in read_text(path).splitlines())
    return next((value.strip() for key, _, value in pairs if key.strip() == "object_class"), "")
