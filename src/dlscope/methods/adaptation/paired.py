"""Differences between rows, seed by seed: what they are, how sure, and what may be said of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

import numpy as np
from scipy import special

from dlscope.core.table import Cell, Column

Verdict: TypeAlias = Literal["shown", "not shown", "reversed", "one seed"]
_SHARE = 0.95


@final
@dataclass(frozen=True)
class Difference:
    """Mean of the differences of the seeds that both rows have, with the interval of Student's t.

    Both ends are None for a single seed.
    """

    mean: float
    lo: float | None
    hi: float | None
    seeds: int

    @property
    def verdict(self) -> Verdict:
        """`shown` where the whole interval is above 0, `reversed` where it is below."""
        if self.lo is None or self.hi is None:
            return "one seed"
        if self.lo > 0:
            return "shown"
        return "reversed" if self.hi < 0 else "not shown"

    def cells(self, name: str) -> dict[str, Cell]:
        """The cells of `difference_columns` with that name."""
        return {
            name: self.mean,
            "lo": self.lo,
            "hi": self.hi,
            "seeds": self.seeds,
            "verdict": self.verdict,
        }


def difference_columns(name: str, doc: str, *, seeds: str) -> tuple[Column, ...]:
    """Column `name` of a mean difference, those of its interval, of its seeds, of its verdict."""
    return (
        Column(name, "float", doc, "points", role="value", lo="lo", hi="hi"),
        Column("lo", "float", "lower end of the 95 % interval", "points", role="interval"),
        Column("hi", "float", "upper end of the 95 % interval", "points", role="interval"),
        Column("seeds", "int", seeds, role="count"),
        Column("verdict", "str", "whether the interval excludes 0", role="verdict"),
    )


def difference(row: Mapping[int, float], against: Mapping[int, float]) -> Difference | None:
    """`row` less `against`, both by seed; None where they have no seed in common."""
    seeds = sorted(row.keys() & against.keys())
    if not seeds:
        return None
    each = np.array([row[seed] - against[seed] for seed in seeds])
    mean, count = float(each.mean()), len(each)
    if count == 1:
        return Difference(mean, None, None, 1)
    half = float(special.stdtrit(count - 1, (1 + _SHARE) / 2) * each.std(ddof=1) / np.sqrt(count))
    return Difference(mean, mean - half, mean + half, count)
