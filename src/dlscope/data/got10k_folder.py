"""Sequences to track in, in folders as GOT-10k has them.

list.txt                      the name of each sequence
NAME/00000001.jpg …           frames
NAME/groundtruth.txt          x,y,width,height a line, for each frame
NAME/absence.label            0 or 1 a line
NAME/cover.label              0…8 a line, the visible share
NAME/cut_by_image.label       0 or 1 a line
NAME/meta_info.ini            [METAINFO], then lines of key: value
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError
from dlscope.core.whole_file import write_whole
from dlscope.data.image_files import make_folder, read_numbered, write_jpeg
from dlscope.data.uav_sequence import UavSequence

LIST, TRUTH, META = "list.txt", "groundtruth.txt", "meta_info.ini"
_ALL_VISIBLE = 8
_FRAMES_PER_SECOND = 30


@final
@dataclass(frozen=True)
class FrameFiles:
    """The frames of a sequence, each read when it is asked for."""

    paths: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, t: int, /) -> NDArray[np.uint8]:
        """Frame `t`, [H, W, 3]. Raises `DataError` where its file cannot be decoded."""
        if not 0 <= t < len(self):
            raise IndexError(t)
        path = self.paths[t]
        return read_numbered(path, t, f"{path.parent.name}/{path.stem}").pixels

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        return (self[t] for t in range(len(self)))


def sequence_names(root: Path) -> tuple[str, ...]:
    """The sequences that `list.txt` below `root` names. Raises `DataError` for none."""
    try:
        text = (root / LIST).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(f"the list of sequences cannot be read: {error}", root / LIST) from None
    names = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not names:
        raise _wrong("the list of sequences is empty", root / LIST)
    for name in names:
        if name in (".", "..") or "/" in name or "\\" in name:
            raise _wrong(f"{name!r} is no name of a folder beside the list", root / LIST)
    return names


def read_got10k(root: Path) -> list[UavSequence]:
    """Every sequence below `root`; frames are read later. Raises as `read_sequence` does."""
    return [read_sequence(root, name) for name in sequence_names(root)]


def read_sequence(root: Path, name: str) -> UavSequence:
    """One sequence. Raises `DataError` naming the sequence and the line that is wrong.

    A box without area or of no number is taken only where the target is absent. Without files
    of labels the target is visible in all frames.
    """
    folder = root / name
    paths = tuple(sorted(path for path in folder.glob("*.jpg")))
    if not paths:
        raise DataError(
            f"sequence {name!r} has no frames",
            where=str(folder),
            fix="give frames as 00000001.jpg and so on",
        )
    absence = _labels(folder, "absence", len(paths), 0, 1)
    boxes = _boxes(folder / TRUTH, name, absence == 1)
    _require_lines(folder / TRUTH, name, len(boxes), len(paths))
    return UavSequence(
        name,
        meta_info(folder / META).get("object_class", ""),
        FrameFiles(paths),
        boxes,
        _labels(folder, "cover", len(paths), _ALL_VISIBLE, _ALL_VISIBLE),
        absence == 1,
        _labels(folder, "cut_by_image", len(paths), 0, 1) == 1,
    )


def meta_info(path: Path) -> dict[str, str]:
    """The values of `meta_info.ini` by key; none where there is no such file."""
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    pairs = [line.partition(":") for line in lines[1:] if ":" in line]
    return {key.strip(): value.strip() for key, _, value in pairs}


def write_got10k(folder: Path, sequences: Iterable[UavSequence]) -> None:
    """Write sequences below `folder`, and their list at the end.

    Raises `FileError` where they cannot be written.
    """
    names = []
    for each in sequences:
        _write_sequence(folder / each.name, each)
        names.append(each.name)
    make_folder(folder)
    write_whole(folder / LIST, "".join(f"{name}\n" for name in names))


def _write_sequence(folder: Path, sequence: UavSequence) -> None:
    height, width = sequence.frames[0].shape[:2]
    for number, frame in enumerate(sequence.frames, start=1):
        write_jpeg(folder / f"{number:08}.jpg", frame)
    boxes = [",".join(f"{side:.4f}" for side in box) for box in sequence.boxes_xywh]
    write_whole(folder / TRUTH, _lines(boxes))
    for label, values in (
        ("absence", sequence.absence),
        ("cover", sequence.cover),
        ("cut_by_image", sequence.cut_by_image),
    ):
        write_whole(folder / f"{label}.label", _lines([str(int(value)) for value in values]))
    known = {
        "object_class": sequence.class_name,
        "resolution": f"({width}, {height})",
        "anno_fps": f"{_FRAMES_PER_SECOND}Hz",
    }
    write_whole(folder / META, _lines(["[METAINFO]", *(f"{k}: {v}" for k, v in known.items())]))


def _lines(words: Iterable[str]) -> str:
    return "".join(f"{word}\n" for word in words)


def _boxes(path: Path, name: str, is_absent_t: NDArray[np.bool_]) -> NDArray[np.float64]:
    rows = []
    for number, line in enumerate(_text(path, name).splitlines(), start=1):
        try:
            x, y, width, height = (float(word) for word in line.replace("\t", ",").split(","))
        except ValueError:
            raise _bad_line(name, number, f"is {line!r}, not x,y,width,height", path) from None
        is_absent = number <= len(is_absent_t) and bool(is_absent_t[number - 1])
        if not is_absent and not np.isfinite([x, y, width, height]).all():
            raise _bad_line(name, number, "is not of finite numbers", path)
        if not is_absent and min(width, height) <= 0:
            raise _bad_line(name, number, f"has a box of {width:g}×{height:g}", path)
        rows.append((x, y, width, height))
    return np.array(rows, dtype=np.float64).reshape(-1, 4)


def _labels(folder: Path, label: str, frames: int, without: int, most: int) -> NDArray[np.int64]:
    """The numbers 0…`most` of a file of labels; `without` for each frame where it is missing."""
    path = folder / f"{label}.label"
    if not path.is_file():
        return np.full(frames, without, dtype=np.int64)
    lines = _text(path, folder.name).split()
    for number, line in enumerate(lines, start=1):
        if not line.isdecimal() or int(line) > most:
            raise _bad_line(folder.name, number, f"is {line!r}, not 0 to {most}", path)
    _require_lines(path, folder.name, len(lines), frames)
    return np.array([int(line) for line in lines], dtype=np.int64)


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(f"sequence {name!r}: {path.name} cannot be read: {error}", path) from None


def _require_lines(path: Path, name: str, lines: int, frames: int) -> None:
    if lines != frames:
        what = f"sequence {name!r}: {path.name} has {lines} lines for {frames} frames"
        raise _wrong(what, path)


def _bad_line(name: str, number: int, what: str, path: Path) -> DataError:
    return DataError(
        f"sequence {name!r}: line {number} of {path.name} {what}",
        where=f"{path}, line {number}",
        fix="correct the line, as GOT-10k has it",
    )


def _wrong(what: str, path: Path) -> DataError:
    return DataError(what, where=str(path), fix="give folders of sequences as GOT-10k has them")
