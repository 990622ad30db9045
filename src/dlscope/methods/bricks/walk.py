"""What one process times, in which order and where in memory: pure planning of walks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import final

from dlscope.graph.brick import Brick
from dlscope.methods.bricks.buffers import Placed, place, scratch, scratch_bytes
from dlscope.methods.bricks.composed_model import ComposedModel, Step
from dlscope.methods.bricks.protocol import Protocol
from dlscope.methods.bricks.suite import Suite


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
    than once, and of those that were timed in an earlier model. `traffic_bytes` is what the model
    reads and writes when it runs once.
    """

    model: str
    items: tuple[Item, ...]
    absent_bytes: int = 0
    traffic_bytes: int = 0

    @property
    def region_bytes(self) -> int:
        """The memory that all items share."""
        return max((item.placed.size_bytes for item in self.items), default=0)


def walks_of(suite: Suite, protocol: Protocol, wanted: Set[str] | None = None) -> list[Walk]:
    """The walks of one round, one for each model; bricks are in the order of execution.

    In the scope of the suite a brick is in the first model's walk alone. With `wanted`, only these
    bricks are walked over. Those of which no model tells the order are one more walk at the end.
    """
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
        absent, traffic = _absent_bytes(suite, model, items), _traffic_bytes(suite, model)
        walks.append(Walk(model.name, items, absent, traffic))
    walks.append(_anywhere(suite, wanted, area))
    return [walk for walk in walks if walk.items]


def weight_bytes(brick: Brick) -> int:
    """Bytes of the constants of a brick."""
    return sum(brick.tensors[each].size_bytes for each in brick.constants)


def traffic_bytes(brick: Brick) -> int:
    """Bytes that a brick reads and writes: its constants, what it takes and what it leaves."""
    places = (*brick.constants, *brick.inputs, *brick.outputs)
    return sum(brick.tensors[each].size_bytes for each in places)


def _traffic_bytes(suite: Suite, model: ComposedModel) -> int:
    """What a model reads and writes in one run, each of its layers by itself."""
    bricks = model.occurrences().items()
    return sum(count * traffic_bytes(suite.bricks[brick]) for brick, count in bricks)


def _absent_bytes(suite: Suite, model: ComposedModel, items: tuple[Item, ...]) -> int:
    each = {brick: weight_bytes(suite.bricks[brick]) for brick in model.occurrences()}
    whole = sum(
        term.count * (each[term.brick] - (each[term.overlap] if term.overlap else 0))
        for term in model.terms
    )
    # Windows that overlap have more than their model.
    return max(whole - sum(each[item.brick] for item in items), 0)


def _items(
    suite: Suite, model: ComposedModel, protocol: Protocol, area_bytes: int
) -> Iterator[Item]:
    """Each brick of a model where it is executed first.

    Windows that overlap compute a tensor several times: then nothing is overwritten.
    """
    in_place = protocol.is_in_place and not model.differences
    placed = place(model, suite.bricks, in_place=in_place)
    seen: set[str] = set()
    for index, step in enumerate(model.steps):
        if step.brick is None or step.brick in seen:
            continue
        seen.add(step.brick)
        if protocol.is_planned:
            yield Item(step.brick, step, placed, _told(placed.in_place.get(index, {})))
        else:
            yield _at_scratch(suite, step.brick, len(seen), area_bytes)


def _anywhere(suite: Suite, wanted: Set[str] | None, area_bytes: int) -> Walk:
    ordered = {step.brick for model in suite.models for step in model.steps}
    chosen = [
        each for each in suite.bricks if each not in ordered and (wanted is None or each in wanted)
    ]
    items = (_at_scratch(suite, brick, turn, area_bytes) for turn, brick in enumerate(chosen))
    return Walk("", tuple(items))


def _at_scratch(suite: Suite, brick: str, turn: int, area_bytes: int) -> Item:
    return Item(brick, *scratch(suite.bricks[brick], turn, area_bytes))


def _told(pairs: Mapping[int, int]) -> str:
    return ",".join(f"{result}<{source}" for result, source in pairs.items())
