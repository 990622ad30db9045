"""`write_uav_set`: `uav-synth` on disk, in a layout that other programs read.

A folder holds one set; `uav-synth.json` in it says what was asked, and which versions drew it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar, final

import cv2
import numpy as np

from dlscope.core.errors import DataError
from dlscope.core.whole_file import write_whole
from dlscope.data.coco_detections import write_coco_images
from dlscope.data.contest_images import write_contest_images
from dlscope.data.got10k_folder import write_got10k
from dlscope.data.image_files import make_folder
from dlscope.data.procedural.differences import differences
from dlscope.data.procedural.uav.classes import CLASSES, Split
from dlscope.data.procedural.uav.images import SIZE, UavImages
from dlscope.data.procedural.uav.presets import Preset
from dlscope.data.procedural.uav.record import RECORD, recorded
from dlscope.data.procedural.uav.sequences import uav_sequences

Layout: TypeAlias = Literal["coco", "dac-sdc", "got10k"]
Told: TypeAlias = Callable[[int, int], None]
"""Told how many images or sequences there are, and how many there will be."""
_SCHEMA = 1
_Each = TypeVar("_Each")


@final
@dataclass(frozen=True)
class UavSet:
    """What is asked: `count` images, or sequences of `frames` images, of `size` (height, width)."""

    layout: Layout = "coco"
    split: Split = "train"
    count: int = 1000
    size: tuple[int, int] = SIZE
    seed: int = 0
    preset: Preset = "easy"
    frames: int = 100


def write_uav_set(
    folder: Path,
    asked: UavSet,
    *,
    seen: Callable[[Any], None] = lambda _each: None,
    told: Told = lambda _done, _all: None,
) -> None:
    """Write what is asked below `folder`; each `UavImage` or `UavSequence` is `seen` on its way.

    Raises `DataError` where another set is, and for what cannot be drawn; `FileError` where
    nothing can be written.
    """
    if asked.layout == "got10k":
        sequences = uav_sequences(
            asked.preset, asked.split, asked.count, asked.frames, size=asked.size, seed=asked.seed
        )
        _claim(folder, asked)
        write_got10k(folder, _passing(sequences, asked.count, seen, told))
        return
    images = UavImages(asked.split, asked.count, size=asked.size, seed=asked.seed)
    _claim(folder, asked)
    passing = _passing(images, asked.count, seen, told)
    if asked.layout == "dac-sdc":
        write_contest_images(folder, passing)
    else:
        write_coco_images(folder, passing, [each.name for each in CLASSES])


def _passing(
    made: Iterable[_Each], count: int, seen: Callable[[_Each], None], told: Told
) -> Iterator[_Each]:
    for done, each in enumerate(made, start=1):
        yield each
        seen(each)
        told(done, count)


def _claim(folder: Path, asked: UavSet) -> None:
    """Say what the folder holds. Raises `DataError` where it holds another set."""
    wanted = json.loads(json.dumps(asdict(asked)))
    path, there = folder / RECORD, recorded(folder)
    if there is not None and there != wanted:
        raise DataError(
            f"there is another set: {'; '.join(differences(there, wanted))}",
            where=str(path),
            fix="write into a folder of its own, or remove this one",
        )
    make_folder(folder)
    versions = {"opencv": cv2.__version__, "numpy": np.__version__}
    record = {"schema": _SCHEMA, "asked": wanted, "versions": versions}
    write_whole(path, json.dumps(record, indent=1) + "\n")
