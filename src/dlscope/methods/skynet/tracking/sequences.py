"""`Sequence`: frames of one object to be followed, drawn or read.

Letters: T frames; boxes are x, y, width, height in pixels.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError


class Frames(Protocol):
    """RGB images [H, W, 3], each made or read when it is looked at."""

    def __len__(self) -> int:
        """How many there are."""

    def __getitem__(self, index: int, /) -> NDArray[Any]:
        """One of them."""


class Masks(Protocol):
    """Pixels [H, W] of each frame that show the object, each made when it is looked at."""

    def __len__(self) -> int:
        """How many there are."""

    def __getitem__(self, index: int, /) -> NDArray[np.bool_]:
        """One of them."""


class Sequence(Protocol):
    """What drawn sequences and those of a folder in the layout of GOT-10k have.

    `cover` is 0…8 by how much of the object is to be seen. Folders tell no masks.
    """

    @property
    def name(self) -> str:
        """What the sequence is called."""

    @property
    def class_name(self) -> str:
        """The kind of object."""

    @property
    def frames(self) -> Frames:
        """Every frame."""

    @property
    def boxes_xywh(self) -> NDArray[Any]:
        """The true box of every frame, [T, 4]."""

    @property
    def cover(self) -> NDArray[Any]:
        """How much of the object is to be seen in every frame, in eighths."""

    @property
    def masks(self) -> Masks | None:
        """The visible part of the object in every frame, None where nothing tells it."""


def require_sequence(sequence: Sequence) -> None:
    """Raise `DataError` unless frames, boxes and cover are of one length, two at least."""
    lengths = [len(sequence.frames), len(sequence.boxes_xywh), len(sequence.cover)]
    if len(set(lengths)) > 1 or lengths[0] < 2:
        frames, boxes, cover = lengths
        raise DataError(
            f"{frames} frames have {boxes} boxes and {cover} values of cover",
            where=f"sequence {sequence.name}",
            fix="give at least two frames, with a box and a value of cover each",
        )
    shown_t = np.asarray(sequence.cover) > 0
    if not np.isfinite(np.asarray(sequence.boxes_xywh, dtype=np.float64)[shown_t]).all():
        raise DataError(
            "a true box is not finite",
            where=f"sequence {sequence.name}",
            fix="correct the ground truth",
        )


def require_unique(sequences: Iterable[Sequence]) -> None:
    """Raise `DataError` for no sequences, and for two of one name."""
    names = [each.name for each in sequences]
    doubled = next((name for name in names if names.count(name) > 1), None)
    if doubled is not None or not names:
        raise DataError(
            f"two sequences are called {doubled}" if names else "there is no sequence to follow",
            where="tracking",
            fix="give at least one sequence, each with a name of its own",
        )
