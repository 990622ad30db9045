"""The 19 classes of driving scenes: names, stuff or thing, ids of each data set, subsets, colours.

Ids are those of training in Cityscapes, 0 to 18; `IGNORED` is what no class has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError

Kind: TypeAlias = Literal["stuff", "thing"]
Subset: TypeAlias = Literal[19, 16, 13]
Ids: TypeAlias = NDArray[np.uint8]
IGNORED = 255


@final
@dataclass(frozen=True)
class SceneClass:
    """One class; `synthia_id` is its id there, `subsets` how many classes conventions have."""

    name: str
    kind: Kind
    label_id: int
    synthia_id: int
    subsets: tuple[Subset, ...]
    color: tuple[int, int, int]


_ALL: tuple[Subset, ...] = (19, 16, 13)
_MOST: tuple[Subset, ...] = (19, 16)
_FULL: tuple[Subset, ...] = (19,)

CLASSES: tuple[SceneClass, ...] = (
    SceneClass("road", "stuff", 7, 3, _ALL, (128, 64, 128)),
    SceneClass("sidewalk", "stuff", 8, 4, _ALL, (244, 35, 232)),
    SceneClass("building", "stuff", 11, 2, _ALL, (70, 70, 70)),
    SceneClass("wall", "stuff", 12, 21, _MOST, (102, 102, 156)),
    SceneClass("fence", "stuff", 13, 5, _MOST, (190, 153, 153)),
    SceneClass("pole", "thing", 17, 7, _MOST, (153, 153, 153)),
    SceneClass("traffic light", "thing", 19, 15, _ALL, (250, 170, 30)),
    SceneClass("traffic sign", "thing", 20, 9, _ALL, (220, 220, 0)),
    SceneClass("vegetation", "stuff", 21, 6, _ALL, (107, 142, 35)),
    SceneClass("terrain", "stuff", 22, 16, _FULL, (152, 251, 152)),
    SceneClass("sky", "stuff", 23, 1, _ALL, (70, 130, 180)),
    SceneClass("person", "thing", 24, 10, _ALL, (220, 20, 60)),
    SceneClass("rider", "thing", 25, 17, _ALL, (255, 0, 0)),
    SceneClass("car", "thing", 26, 8, _ALL, (0, 0, 142)),
    SceneClass("truck", "thing", 27, 18, _FULL, (0, 0, 70)),
    SceneClass("bus", "thing", 28, 19, _ALL, (0, 60, 100)),
    SceneClass("train", "thing", 31, 20, _FULL, (0, 80, 100)),
    SceneClass("motorcycle", "thing", 32, 12, _ALL, (0, 0, 230)),
    SceneClass("bicycle", "thing", 33, 11, _ALL, (119, 11, 32)),
)
NAMES: tuple[str, ...] = tuple(each.name for each in CLASSES)
CITYSCAPES_IGNORED: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 9, 10, 14, 15, 16, 18, 29, 30, 255)
SYNTHIA_IGNORED: tuple[int, ...] = (0, 13, 14, 22)


@final
@dataclass(frozen=True)
class ClassSplit:
    """Which classes are aligned as things, which as stuff; each class is one of both."""

    things: tuple[int, ...]

    @classmethod
    def of(cls, things: Iterable[str] | None = None) -> ClassSplit:
        """The split with the named `things`, by default that of the paper, poles among them.

        Raises `DataError` for a name that is no class, or that is there twice.
        """
        if things is None:
            return cls(tuple(i for i, each in enumerate(CLASSES) if each.kind == "thing"))
        named = tuple(things)
        wrong = sorted({name for name in named if name not in NAMES or named.count(name) > 1})
        if wrong:
            raise DataError(
                f"{', '.join(map(repr, wrong))}: not a class, or listed twice",
                where="things",
                fix=f"use each of {', '.join(NAMES)} at most once",
            )
        return cls(tuple(sorted(NAMES.index(name) for name in named)))

    @property
    def stuff(self) -> tuple[int, ...]:
        """The classes that are no things."""
        return tuple(i for i in range(len(CLASSES)) if i not in self.things)


def subset(count: Subset) -> tuple[int, ...]:
    """The classes of the convention with `count` of them: 19, 16 or 13."""
    return tuple(i for i, each in enumerate(CLASSES) if count in each.subsets)


def training_ids(ids: NDArray[np.integer], mapping: Ids, *, where: str) -> Ids:
    """`ids` of a data set as ids of training, by a `mapping` of `id_mapping`.

    Raises `DataError` for ids that the mapping does not know, with where the first pixel is.
    """
    unknown = unknown_ids(ids, mapping)
    if unknown:
        value = unknown[0]
        places = np.argwhere(ids == value)
        row, column = places[0]
        raise DataError(
            f"id {value} is no label: {len(places)} pixels, the first at x {column}, y {row}",
            where=where,
            fix="give the format that the labels have, or map the id to ignored "
            "with --unknown-ids ignore",
        )
    return np.asarray(mapping[ids])


def unknown_ids(ids: NDArray[np.integer], mapping: Ids) -> tuple[int, ...]:
    """Those of `ids` that `mapping` does not know, ascending."""
    present = np.unique(ids)
    outside = present[(present < 0) | (present >= len(mapping))]
    inside = present[(present >= 0) & (present < len(mapping))]
    return tuple(int(i) for i in np.concatenate([outside, inside[mapping[inside] == _UNKNOWN]]))


def id_mapping(format: Literal["label_id", "synthia", "train_id"]) -> Ids:
    """For each id of 0…255 in files of `format` the id of training; 254 where there is none."""
    if format == "train_id":
        known = {i: i for i in range(len(CLASSES))}
        ignored: Collection[int] = (IGNORED,)
    elif format == "synthia":
        known = {each.synthia_id: i for i, each in enumerate(CLASSES)}
        ignored = SYNTHIA_IGNORED
    else:
        known = {each.label_id: i for i, each in enumerate(CLASSES)}
        ignored = CITYSCAPES_IGNORED
    mapping = np.full(256, _UNKNOWN, dtype=np.uint8)
    mapping[list(known)] = list(known.values())
    mapping[list(ignored)] = IGNORED
    return mapping


def colored(ids: Ids) -> NDArray[np.uint8]:
    """A map of ids [H, W] as a picture [H, W, 3]; what is ignored is black."""
    palette = np.zeros((256, 3), dtype=np.uint8)
    palette[: len(CLASSES)] = [each.color for each in CLASSES]
    return np.asarray(palette[ids])


_UNKNOWN = 254
