"""`score`: how well something that gives logits tells the classes of images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import torch
from torch.nn import functional

from dlscope.methods.codesign.searching.images import LabelledImages

_AT_ONCE = 256


@final
@dataclass(frozen=True)
class Score:
    """The mean cross-entropy over `n` images, and how many of them are told right."""

    loss: float
    right: int
    n: int

    @property
    def accuracy(self) -> float:
        """The share of images that are told right."""
        return self.right / self.n


def score(logits_of: Callable[[Any], Any], images: LabelledImages, *, device: Any = "cpu") -> Score:
    """The score of `logits_of`, which takes a tensor of images, without gradients."""
    loss, right = 0.0, 0
    with torch.no_grad():
        for batch in images.batches(_AT_ONCE):
            labels = torch.from_numpy(batch.labels).to(device)
            logits = logits_of(torch.from_numpy(batch.images_nchw).to(device))
            loss += float(functional.cross_entropy(logits, labels, reduction="sum"))
            right += int((logits.argmax(1) == labels).sum())
    return Score(loss / len(images), right, len(images))
