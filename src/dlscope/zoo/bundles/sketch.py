"""`sketch`: a network of a bundle with as much work as another's, so that they can be compared.

Widths double behind each pool: 1, 2, 4, 8, 8 times the first. A multiplier is searched by halves,
widths rounded to multiples of 8; then single widths move by 8 while that brings the work nearer.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from dlscope.core.errors import GraphError
from dlscope.zoo.bundles.bundle import Act, Bundle
from dlscope.zoo.bundles.layout import SIZE, StackedLayout

REPEATS = 5
TOLERANCE = 0.03
POOLS = (1, 2, 3)
STEP = 8
_HALVINGS = 40
_WIDEST = 4096.0


def sketch(
    bundle: Bundle,
    macs: float,
    *,
    repeats: int = REPEATS,
    act: Act = "relu",
    size: tuple[int, int] = SIZE,
) -> StackedLayout:
    """`bundle` for `repeats` times, pools after the first three, within 3 % of `macs`.

    Raises `GraphError` where no widths that are multiples of 8 have that work.
    """

    def built(widths: tuple[int, ...]) -> StackedLayout:
        return StackedLayout(bundle, widths, POOLS, act=act, size=size)

    def off(widths: tuple[int, ...]) -> float:
        return abs(built(widths).macs / macs - 1)

    widths = _scaled(repeats, _multiplier(lambda first: built(_scaled(repeats, first)).macs, macs))
    while off(widths) > TOLERANCE:
        nearest = min(_moved(widths), key=off, default=widths)
        if off(nearest) >= off(widths):
            raise GraphError(
                f"no sketch of {bundle} has {macs:,.0f} multiply-accumulates; the nearest has "
                f"{built(widths).macs:,}",
                where=f"sketch of {bundle.id}",
                fix="ask for more work",
            )
        widths = nearest
    return built(widths)


def _multiplier(macs_of: Callable[[float], int], macs: float) -> float:
    """The first width, not yet rounded, up to which the work stays below `macs`."""
    low, high = 0.0, _WIDEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if macs_of(middle) <= macs else (low, middle)
    return low


def _scaled(repeats: int, first: float) -> tuple[int, ...]:
    doubled = [first * 2 ** sum(pool <= index for pool in POOLS) for index in range(repeats)]
    return tuple(max(STEP, STEP * int(width / STEP + 0.5)) for width in doubled)


def _moved(widths: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Widths with one or two of them a step narrower or wider, those of the end first."""
    places = range(len(widths) - 1, -1, -1)
    for several in (1, 2):
        for chosen in itertools.combinations(places, several):
            for steps in itertools.product((-STEP, STEP), repeat=several):
                moved = list(widths)
                for place, step in zip(chosen, steps, strict=True):
                    moved[place] += step
                if min(moved) >= STEP:
                    yield tuple(moved)
