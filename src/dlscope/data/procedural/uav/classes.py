"""The twelve kinds of objects that a drone follows: how often, how large, in how many looks.

Shares and sizes are those published of the training set of the contest, 93,520 images of 640×360
with one object each; what a sub-category looks like is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, final, get_args

from dlscope.core.errors import DataError, did_you_mean

Split: TypeAlias = Literal["train", "val", "test", "unseen"]
"""`unseen` has sub-categories that no other split has, on the grounds of `test`."""
SPLITS: tuple[Split, ...] = get_args(Split)
_HELD_OUT = 4


@final
@dataclass(frozen=True)
class ObjectClass:
    """How often a class is, its areas in % of the image, its mean sides in px, its looks."""

    name: str
    objects: int
    mean_area: float
    areas: tuple[float, float]
    mean_sides: tuple[float, float]
    sub_categories: int

    def numbers(self, split: Split) -> range:
        """The numbers of the sub-categories of a split: one in four is kept for `unseen`."""
        first_unseen = self.sub_categories - self.sub_categories // _HELD_OUT + 1
        if split == "unseen":
            return range(first_unseen, self.sub_categories + 1)
        return range(1, first_unseen)


CLASSES = (
    ObjectClass("person", 27_965, 1.09, (0.07, 7.88), (29, 73), 25),
    ObjectClass("car", 25_014, 0.90, (0.03, 7.48), (40, 43), 24),
    ObjectClass("riding", 16_999, 1.37, (0.12, 12.65), (38, 66), 17),
    ObjectClass("boat", 5_207, 3.43, (0.05, 31.85), (91, 66), 8),
    ObjectClass("group", 4_815, 0.15, (0.02, 0.37), (11, 33), 4),
    ObjectClass("wakeboard", 3_300, 0.22, (0.01, 1.23), (17, 25), 4),
    ObjectClass("drone", 2_576, 0.52, (0.19, 2.23), (38, 30), 4),
    ObjectClass("truck", 2_378, 1.13, (0.01, 2.76), (42, 48), 2),
    ObjectClass("paraglider", 1_694, 2.77, (0.55, 10.20), (63, 91), 2),
    ObjectClass("whale", 1_533, 3.89, (0.65, 12.95), (86, 95), 1),
    ObjectClass("building", 1_349, 0.23, (0.05, 0.51), (24, 22), 3),
    ObjectClass("horseride", 690, 0.33, (0.18, 0.69), (29, 26), 1),
)
BY_NAME: Mapping[str, ObjectClass] = {each.name: each for each in CLASSES}


def classes_of(split: Split) -> tuple[ObjectClass, ...]:
    """The classes that have sub-categories in a split."""
    return tuple(each for each in CLASSES if each.numbers(split))


def require_split(split: str) -> Split:
    """The split of that name. Raises `DataError` for one that there is not."""
    for known in SPLITS:
        if split == known:
            return known
    raise DataError(
        f"there is no split {split!r}", where="uav-synth", fix=did_you_mean(split, SPLITS)
    )
