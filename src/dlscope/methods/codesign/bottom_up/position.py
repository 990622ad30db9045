"""`SwarmSpace`: where particles of a group may be, and how they move.

A position is the channels of each bundle and the places of the pools. The paper says that both move
towards the best of the particle and of the group; how is ours:

    widths   c' = round8(c + r1 ⊙ (lb − c) + r2 ⊙ (gb − c)),   r1, r2 ~ U(0, 1) by element
    pools    each place becomes that of lb with 0.25, of gb with 0.35, else stays; with 0.1 it moves
             by one; then they are sorted and made distinct
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from dlscope.core.errors import PlanError

STEP = 8
_FROM_LOCAL, _FROM_GROUP, _MOVES = 0.25, 0.35, 0.1
_POOL_SHARE, _ALL_SHARE, _SPREAD, _EVEN_SHARE = 0.15, 0.05, 0.35, 0.5
_NARROWEST, _WIDEST, _ONE_BY_ONE = 0.4, 1.25, (0.8, 1.2)
_TRIES = 20


@final
@dataclass(frozen=True)
class Position:
    """Channels of each bundle, and after which of them, from 1, there is a pool."""

    widths: tuple[int, ...]
    pools: tuple[int, ...]


@final
@dataclass(frozen=True)
class SwarmSpace:
    """`bundles` in a row, `pools` among them, at most `most` channels, all multiples of 8.

    With `monotone` no bundle is narrower than the one before. Raises `PlanError` where nothing is
    in it.
    """

    bundles: int = 5
    pools: int = 3
    most: int = 512
    monotone: bool = True

    def __post_init__(self) -> None:
        if self.bundles < 1 or not 0 <= self.pools <= self.bundles or self.most < STEP:
            raise PlanError(
                f"the search space is empty: {self.bundles} bundles, {self.pools} pools, "
                f"at most {self.most} channels",
                where="bottom-up search, space",
                fix="allow at least one bundle, no more pools than bundles, and 8 channels",
            )

    def drawn(self, chooser: Generator, around: Sequence[int] | None = None) -> Position:
        """A position anywhere, or one with widths between a third of `around` and a half more.

        Half of those anywhere are even on a logarithmic scale: networks that are quick are narrow.
        """
        if around is None:
            shares = chooser.uniform(size=self.bundles)
            is_even = chooser.uniform() < _EVEN_SHARE
            even, logarithmic = self.most * shares, STEP * (self.most / STEP) ** shares
            widths = even if is_even else logarithmic
            widths = np.sort(widths) if self.monotone else widths
        else:
            whole = np.exp(chooser.uniform(np.log(_NARROWEST), np.log(_WIDEST)))
            widths = whole * chooser.uniform(*_ONE_BY_ONE, self.bundles) * np.asarray(around)
        places = chooser.choice(np.arange(1, self.bundles + 1), self.pools, replace=False)
        return Position(self._widths(widths), self._distinct(places.tolist()))

    def nearest(self, widths: Sequence[float], pools: Iterable[int]) -> Position:
        """The position of the space that is nearest to these."""
        return Position(self._widths(np.asarray(widths, dtype=np.float64)), self._distinct(pools))

    def moved(
        self, current: Position, local: Position, group: Position, chooser: Generator
    ) -> Position:
        """Where a particle at `current` goes, drawn to its own best and to that of its group."""
        here, own, best = (np.asarray(each.widths) for each in (current, local, group))
        r1, r2 = chooser.uniform(size=(2, self.bundles))
        widths = here + r1 * (own - here) + r2 * (best - here)
        pools = [
            self._pool(*places, chooser)
            for places in zip(current.pools, local.pools, group.pools, strict=True)
        ]
        return self.nearest(widths.tolist(), pools)

    def mutated(self, position: Position, chooser: Generator) -> Position:
        """Another position near it: one width or all are scaled, or one pool moves by one.

        Where nothing else can be, the same.
        """
        for _ in range(_TRIES):
            widths, pools = position.widths, list(position.pools)
            if pools and chooser.uniform() < _POOL_SHARE:
                pools[int(chooser.integers(len(pools)))] += int(chooser.choice((-1, 1)))
            else:
                widths = self._scaled(widths, chooser)
            found = self.nearest(widths, pools)
            if found != position:
                return found
        return position

    def _scaled(self, widths: tuple[int, ...], chooser: Generator) -> tuple[int, ...]:
        """All widths by a factor, or one by at least a step."""
        change = float(np.expm1(chooser.normal(0.0, _SPREAD)))
        if chooser.uniform() < _ALL_SHARE:
            return tuple(round(width * (1 + change)) for width in widths)
        place = int(chooser.integers(len(widths)))
        moved = widths[place] * change
        new = widths[place] + int(np.copysign(max(STEP, abs(moved)), moved))
        # Else the running maximum would undo what became narrower than those before.
        before = tuple(min(each, max(new, STEP)) for each in widths[:place])
        return (*(before if self.monotone else widths[:place]), new, *widths[place + 1 :])

    def _pool(self, here: int, own: int, best: int, chooser: Generator) -> int:
        drawn = chooser.uniform()
        place = own if drawn < _FROM_LOCAL else best if drawn < _FROM_LOCAL + _FROM_GROUP else here
        moves = chooser.uniform() < _MOVES
        return place + (int(chooser.choice((-1, 1))) if moves else 0)

    def _widths(self, widths: NDArray[np.float64]) -> tuple[int, ...]:
        rounded = STEP * np.floor(widths / STEP + 0.5)
        clipped = np.clip(rounded, STEP, STEP * (self.most // STEP))
        kept = np.maximum.accumulate(clipped) if self.monotone else clipped
        return tuple(int(each) for each in kept)

    def _distinct(self, places: Iterable[int]) -> tuple[int, ...]:
        """Sorted, pushed to the right until distinct, and back to the left at the end."""
        found: list[int] = []
        for place in sorted(min(max(each, 1), self.bundles) for each in places):
            found.append(max(place, found[-1] + 1 if found else 1))
        last = self.bundles
        for index in range(len(found) - 1, -1, -1):
            found[index] = min(found[index], last)
            last = found[index] - 1
        return tuple(found)
