"""`LossEstimate`: how good a design is taken to be before it has been trained."""

from __future__ import annotations

from typing import Protocol

from dlscope.methods.codesign.space.design import Design


class LossEstimate(Protocol):
    """Something that can say what the loss of a design would be."""

    def loss(self, design: Design) -> float:
        """The loss of `design`, lower is better and above 0."""
