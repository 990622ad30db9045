"""`agreement`: whether an emitted model answers as its reference does, on the same images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core import registry
from dlscope.methods.codesign.float_model import INPUT, OUTPUT

_BATCH = 64


@final
@dataclass(frozen=True)
class Agreement:
    """On `n` images: right answers of the reference and of the model, and how many are the same."""

    n: int
    reference_right: int
    model_right: int
    same: int

    @property
    def same_share(self) -> float:
        """The share of images that both put into the same class."""
        return self.same / self.n


def agreement(
    reference: Callable[[NDArray[Any]], NDArray[Any]],
    model: Path,
    images: NDArray[Any],
    labels: NDArray[np.int64],
    *,
    backend: str = "onnxruntime",
) -> Agreement:
    """How `model`, run by `backend`, and `reference` answer `images`, N×C×H×W.

    `reference` gives what is said of a batch, N×classes.
    """
    answers = predicted(model, images, backend=backend).argmax(axis=1)
    batches = (images[first : first + _BATCH] for first in range(0, len(images), _BATCH))
    expected = np.concatenate([reference(batch).argmax(axis=1) for batch in batches])
    return Agreement(
        n=len(images),
        reference_right=int((expected == labels).sum()),
        model_right=int((answers == labels).sum()),
        same=int((answers == expected).sum()),
    )


def predicted(model: Path, images: NDArray[Any], *, backend: str) -> NDArray[np.float32]:
    """What `model` says of `images`, N×classes, run by `backend`."""
    framework = registry.load("backends", backend)()
    with framework.open(model, framework.options()) as predictor:
        parts = [
            predictor.predict({INPUT: np.ascontiguousarray(images[i : i + _BATCH], np.float32)})
            for i in range(0, len(images), _BATCH)
        ]
    return np.concatenate([part[OUTPUT] for part in parts])
