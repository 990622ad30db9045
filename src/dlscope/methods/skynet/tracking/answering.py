"""`Answering`: what a tracker asks of a network, whatever runs it.

Letters: K anchors, S side of the response, C channels of a branch, M = 63 side of a mask; t, s
sides of template and search.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, final

import numpy as np
from numpy.typing import NDArray

from dlscope.zoo.siamese.design import Design


@final
@dataclass(frozen=True)
class Answer:
    """Of one search: scores [2, K, S, S], boxes [4, K, S, S], mask features [C, S, S] or None."""

    scores_2kss: NDArray[np.float32]
    boxes_4kss: NDArray[np.float32]
    mask_features_css: NDArray[np.float32] | None = None


class Answering(Protocol):
    """A network of some design; crops are [1, 3, t, t] and [1, 3, s, s]."""

    @property
    def design(self) -> Design:
        """Which tracker it is."""

    def kernels(self, template_1ctt: NDArray[np.float32], /) -> Any:
        """What is kept of a template."""

    def answer(self, search_1css: NDArray[np.float32], kernels: Any, /) -> Answer:
        """Where the template is in a search."""

    def mask(self, features_c: NDArray[np.float32], /) -> NDArray[np.float32]:
        """Logits [M²] of the mask at a place, for a design that has masks."""
