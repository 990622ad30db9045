"""`UavSequence`: frames and what is known of the target in each of them, drawn or read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, final

import numpy as np
from numpy.typing import NDArray


class Frames(Protocol):
    """Images [H, W, 3], red first, each made or read when it is asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, t: int, /) -> NDArray[np.uint8]: ...

    def __iter__(self) -> Iterator[NDArray[np.uint8]]: ...


class Masks(Protocol):
    """Which pixels [H, W] of each image show the target, made when they are asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, t: int, /) -> NDArray[np.bool_]: ...


@final
@dataclass(frozen=True)
class UavSequence:
    """Frames, and what is known of the target in each of T frames.

    `boxes_xywh` [T, 4] are tight about the part of the target that is inside the image, as if
    nothing were before it; where nothing is inside, the last box stays. `cover` [T] is the visible
    share of the target as GOT-10k counts it: 0 none, 1 up to 15 %, … 6 up to 90 %, 7 less than
    all, 8 all. `absence` is less than 10 %; `cut_by_image`: some of it is outside of the image.
    `masks` are of the visible part, which is known where the sequence was drawn.
    """

    name: str
    class_name: str
    frames: Frames
    boxes_xywh: NDArray[np.float64]
    cover: NDArray[np.int64]
    absence: NDArray[np.bool_]
    cut_by_image: NDArray[np.bool_]
    masks: Masks | None = None
