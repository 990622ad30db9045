"""`Batches`: which items a step sees, told by seed and epoch alone; `split`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import TrainingError

Indices: TypeAlias = NDArray[np.int64]


@final
@dataclass(frozen=True)
class Batches:
    """The order of `count` items in every epoch, in batches of `size`.

    No state is kept: epoch e of seed s is always the same, so that a resumed training sees what
    an uninterrupted one sees. The last batch is left out where it is not full, unless it is the
    only one. Raises `TrainingError` for no items, and for a size below 1.
    """

    count: int
    size: int
    seed: int = 0

    def __post_init__(self) -> None:
        if self.count < 1 or self.size < 1:
            raise TrainingError(
                f"{self.count} items in batches of {self.size} are nothing to train on",
                where="batches",
                fix="give at least one item, in batches of at least one",
            )

    def __len__(self) -> int:
        """Batches of an epoch."""
        return max(self.count // self.size, 1)

    def of_epoch(self, epoch: int) -> Iterator[Indices]:
        """The indices of each batch of an epoch, counted from 0."""
        order = np.random.default_rng((self.seed, epoch)).permutation(self.count)
        size = min(self.size, self.count)
        return (order[start : start + size] for start in range(0, len(self) * size, size))


def split(labels: NDArray[np.integer], share: float, seed: int = 0) -> tuple[Indices, Indices]:
    """Indices of two parts, the first with `share` of the items of every label; both ascending.

    Each label has at least one item in either part, where it has two.
    """
    chooser = np.random.default_rng(seed)
    first: list[Indices] = []
    for label in np.unique(labels):
        of_label = chooser.permutation(np.flatnonzero(labels == label))
        taken = min(max(round(share * len(of_label)), 1), max(len(of_label) - 1, 1))
        first.append(of_label[:taken])
    chosen = np.sort(np.concatenate(first)) if first else np.empty(0, np.int64)
    return chosen, np.setdiff1d(np.arange(len(labels)), chosen)
