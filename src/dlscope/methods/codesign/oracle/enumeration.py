"""`Enumeration`: every design of an oracle instance, judged: the best, and how far others are."""

from __future__ import annotations

from typing import Self, final

import numpy as np

from dlscope.core.errors import SearchError
from dlscope.devices.base import Floats
from dlscope.methods.codesign.exploring.judge import product
from dlscope.methods.codesign.oracle.instance import OracleInstance
from dlscope.methods.codesign.space.choices import Choices, Integers
from dlscope.methods.codesign.space.design import Design

MOST_DESIGNS = 10**6
_CHUNK = 65_536


@final
class Enumeration:
    """Losses and times of all designs of `instance`, in the order of their choices."""

    def __init__(self, instance: OracleInstance, losses: Floats, times_ns: Floats) -> None:
        self.instance = instance
        self.losses, self.times_ns = losses, times_ns
        self.values = product(losses, times_ns)
        self._sorted = np.sort(self.values)

    @classmethod
    def of(cls, instance: OracleInstance) -> Self:
        """All designs. Raises `SearchError` where there are more than a million."""
        shape = _shape(instance)
        count = int(np.prod(shape))
        if count > MOST_DESIGNS:
            raise SearchError(
                f"{count} designs are too many to look at one by one",
                where=f"space {instance.space.name}",
                fix=f"use a space of at most {MOST_DESIGNS} designs, or another baseline",
            )
        parts = [
            _judged(instance, np.arange(start, min(start + _CHUNK, count)), shape)
            for start in range(0, count, _CHUNK)
        ]
        losses, times = (np.concatenate(each) for each in zip(*parts, strict=True))
        return cls(instance, losses, times)

    @property
    def best(self) -> float:
        """The least value of all."""
        return float(self._sorted[0])

    def design(self, rank: int = 0) -> Design:
        """The design that is best, or the next best of that rank."""
        place = int(np.argsort(self.values, kind="stable")[rank])
        found = _choices(self.instance, np.array([place]), _shape(self.instance))
        return found.designs(self.instance.space)[0]

    def regret(self, value: float) -> float:
        """How far `value` is above the best, as a share of it."""
        return value / self.best - 1

    def percentile(self, value: float) -> float:
        """The share of all designs that are better than `value`."""
        return int(np.searchsorted(self._sorted, value)) / len(self._sorted)


def all_choices(instance: OracleInstance) -> Choices:
    """The choices of all designs, in the order of `Enumeration`."""
    shape = _shape(instance)
    return _choices(instance, np.arange(int(np.prod(shape))), shape)


def _shape(instance: OracleInstance) -> tuple[int, ...]:
    precisions = len(instance.space.precisions)
    return tuple(len(block.operations) * precisions for block in instance.space.blocks)


def _choices(instance: OracleInstance, places: Integers, shape: tuple[int, ...]) -> Choices:
    digits = np.stack(np.unravel_index(places, shape), axis=1)
    precisions = len(instance.space.precisions)
    return Choices(digits // precisions, digits % precisions)


def _judged(
    instance: OracleInstance, places: Integers, shape: tuple[int, ...]
) -> tuple[Floats, Floats]:
    choices = _choices(instance, places, shape)
    return instance.losses(choices), instance.times_of(choices)
