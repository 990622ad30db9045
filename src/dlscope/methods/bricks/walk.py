"""What one process times, in which order and where in memory: pure planning of walks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import final

from dlscope.graph.brick import Brick
from dlscope.methods.bricks.buffers import Placed, place, scratch, scratch_bytes
from dlscope.methods.bricks.protocol import Protocol
from dlscope.methods.bricks.suite import ComposedModel, Step, Suite


@final
@dataclass(frozen=True)
class Item:
    """A brick at one place of its model. `in_place` tells which output overwrites which input."""

    brick: str
    step: Step
    placed: Placed
    in_place: str = ""


@final
@dataclass(frozen=True)
class Walk:
    """Bricks that are executed one after the other, as the model `model` does.

    `absent_bytes` are weights that the model has and this walk has not: of bricks that occur more
    than once, and of those that were timed in an earlier model.
    """

    model: str
    items: tuple[Item, ...]
    absent_bytes: int = 0

    @property
    def region_bytes(self) -> int:
        """The memory that all items share."""
        return max((item.placed.size_bytes for item in self.items), default=0)


def walks_of(suite: Suite, protocol: Protocol, wanted: Set[str] | None = None) -> list[Walk]:
    """The walks of one round, one for each model; bricks are in the order of execution.

    In the scope of the suite a brick is in the first model's walk alone. With `wanted`, only these
    bricks are walked over. An anonymous suite is one walk.
    """
    if suite.is_anonymous:
        return [_anywhere(suite, wanted)]
    area = max(map(scratch_bytes, suite.bricks.values()), default=0)
    seen: set[str] = set()
    walks = []
    for model in suite.models:
        if protocol.scope == "model":
            seen = set()
        items = tuple(
            item
            for item in _items(suite, model, protocol, area)
            if item.brick not in seen and (wanted is None or item.brick in wanted)
        )
        seen |= {item.brick for item in items}
        walks.append(Walk(model.name, items, _absent_bytes(suite, model, items)))
    return [walk for walk in walks if walk.items]


def weight_bytes(brick: Brick) -> int:
    """Bytes of the constants of a brick."""
    return sum(brick.tensors[each].size_bytes for each in brick.constants)


def _absent_bytes(suite: Suite, model: ComposedModel, items: tuple[Item, ...]) -> int:
    each = {brick: weight_bytes(suite.bricks[brick]) for brick in model.composition}
    whole = sum(count * each[brick] for brick, count in model.composition.items())
    return whole - sum(each[item.brick] for item in items)


def _items(
    suite: Suite, model: ComposedModel, protocol: Protocol, area_bytes: int
) -> Iterator[Item]:
    """Each brick of a model where it is executed first."""
    placed = place(model, suite.bricks, in_place=protocol.is_in_place)
    seen: set[str] = set()
    for index, step in enumerate(model.steps):
        if step.brick is None or step.brick in seen:
            continue
        seen.add(step.brick)
        if protocol.is_planned:
            yield Item(step.brick, step, placed, _told(placed.in_place.get(index, {})))
        else:
            yield _at_scratch(suite, step.brick, len(seen), area_bytes)


def _anywhere(suite: Suite, wanted: Set[str] | None) -> Walk:
    area = max(map(scratch_bytes, suite.bricks.values()), default=0)
    chosen = [each for each in suite.bricks if wanted is None or each in wanted]
    return Walk("", tuple(_at_scratch(suite, brick, n, area) for n, brick in enumerate(chosen)))


def _at_scratch(suite: Suite, brick: str, turn: int, area_bytes: int) -> Item:
    return Item(brick, *scratch(suite.bricks[brick], turn, area_bytes))


def _told(pairs: Mapping[int, int]) -> str:
    return ",".join(f"{result}<{source}" for result, source in pairs.items())
