"""`write_scenes`: a pair of domains on disk, in the layout of Cityscapes.

OUT/source/leftImg8bit/{train,val}/scenes/000000_leftImg8bit.png
OUT/source/gtFine/{train,val}/scenes/000000_gtFine_labelIds.png
OUT/target/…                 the same, but for the labels of its training images:
OUT/target/gtFine_heldout/train/scenes/…
OUT/scenes.json              what was asked, and the digest of every file of labels
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Literal, TypeAlias, final

import cv2
import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError
from dlscope.data.procedural.differences import differences
from dlscope.data.procedural.scenes.scene import DEFAULT_GAP, Domain, Scene, scene
from dlscope.data.scene_classes import CLASSES

Split: TypeAlias = Literal["train", "val"]
Told: TypeAlias = Callable[[int, int], None]
"""Told how many images there are, and how many there will be."""
_FIRST: Mapping[Split, int] = {"train": 0, "val": 1_000_000}
_CITY, _LIST = "scenes", "scenes.json"


def _ignore(_done: int, _all: int) -> None:
    pass


@final
@dataclass(frozen=True)
class ScenePair:
    """What is written: how many images of each domain and split, their size (width, height)."""

    source: int = 500
    target: int = 400
    val: int = 80
    size: tuple[int, int] = (192, 96)
    seed: int = 0
    gap: float = DEFAULT_GAP

    def __post_init__(self) -> None:
        if min(self.source, self.target, self.val) < 1:
            raise DataError(
                f"{self.source} source, {self.target} target and {self.val} validation images",
                where="scenes",
                fix="ask for at least one of each",
            )


@final
@dataclass(frozen=True)
class _Wanted:
    domain: Domain
    split: Split
    number: int

    @property
    def index(self) -> int:
        return _FIRST[self.split] + self.number

    @property
    def image(self) -> Path:
        name = f"{self.number:06d}_leftImg8bit.png"
        return Path(self.domain, "leftImg8bit", self.split, _CITY, name)

    @property
    def labels(self) -> Path:
        is_held_out = self.domain == "target" and self.split == "train"
        folder = "gtFine_heldout" if is_held_out else "gtFine"
        name = f"{self.number:06d}_gtFine_labelIds.png"
        return Path(self.domain, folder, self.split, _CITY, name)


def write_scenes(
    folder: Path, pair: ScenePair, *, workers: int = 1, told: Told = _ignore
) -> Mapping[str, str]:
    """Write both domains below `folder`; the SHA-256 of each file of labels by its path.

    The files are the same for any number of `workers`. Raises `DataError` where other scenes are.
    """
    _require_same(folder, pair)
    wanted = list(_wanted(pair))
    write = partial(_write, folder, pair)
    digests: dict[str, str] = {}
    for done, (path, digest) in enumerate(_mapped(write, wanted, workers), start=1):
        digests[path] = digest
        told(done, len(wanted))
    listed = {**asdict(pair), "labels": dict(sorted(digests.items()))}
    (folder / _LIST).write_text(json.dumps(listed, indent=1) + "\n")
    return digests


def written_pair(folder: Path) -> ScenePair | None:
    """What the scenes in `folder` were asked to be; None where there are none."""
    path = folder / _LIST
    if not path.is_file():
        return None
    listed = json.loads(path.read_text())
    listed.pop("labels")
    return ScenePair(**{**listed, "size": tuple(listed["size"])})


def _wanted(pair: ScenePair) -> Iterator[_Wanted]:
    counts: tuple[tuple[Domain, Split, int], ...] = (
        ("source", "train", pair.source),
        ("source", "val", pair.val),
        ("target", "train", pair.target),
        ("target", "val", pair.val),
    )
    for domain, split, count in counts:
        for number in range(count):
            yield _Wanted(domain, split, number)


def _mapped(
    write: Callable[[_Wanted], tuple[str, str]], wanted: list[_Wanted], workers: int
) -> Iterator[tuple[str, str]]:
    if workers == 1:
        yield from map(write, wanted)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(write, wanted, chunksize=8)


def _write(folder: Path, pair: ScenePair, wanted: _Wanted) -> tuple[str, str]:
    cv2.setNumThreads(1)
    width, height = pair.size
    made = scene(pair.seed, wanted.domain, wanted.index, (height, width), gap=pair.gap)
    _save(folder / wanted.image, cv2.cvtColor(made.image, cv2.COLOR_RGB2BGR))
    return str(wanted.labels), _save(folder / wanted.labels, _label_ids(made))


def _label_ids(made: Scene) -> NDArray[np.uint8]:
    ids = np.array([each.label_id for each in CLASSES], dtype=np.uint8)
    return np.asarray(ids[made.labels])


def _save(path: Path, pixels: NDArray[np.uint8]) -> str:
    """Write a PNG file; its SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    encoded: bytes = cv2.imencode(".png", pixels)[1].tobytes()
    path.write_bytes(encoded)
    return hashlib.sha256(encoded).hexdigest()


def _require_same(folder: Path, pair: ScenePair) -> None:
    there = written_pair(folder)
    if there is not None and there != pair:
        raise DataError(
            f"there are other scenes: {'; '.join(differences(asdict(there), asdict(pair)))}",
            where=str(folder / _LIST),
            fix="write into a folder of their own, or remove these",
        )
