"""Where the tensors of a model lie: a plan by lifetime over one region of memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from dlscope.graph.brick import Brick, BrickLayer
from dlscope.methods.bricks.composed_model import ComposedModel, Step

ALIGNMENT_BYTES = 256
_SUMMED = {
    "com.microsoft.nchwc::Conv": 3,
    "com.microsoft::FusedConv": 3,
    "com.microsoft::NhwcFusedConv": 3,
}
"""Convolutions that add an input to their result, and where that stands."""
_UNARY = frozenset(
    {
        *("Abs", "Ceil", "Clip", "Elu", "Exp", "Floor", "HardSigmoid", "LeakyRelu", "Log", "Neg"),
        *("Relu", "Selu", "Sigmoid", "Softplus", "Softsign", "Sqrt", "Tanh", "ThresholdedRelu"),
        "com.microsoft::QuickGelu",
    }
)
_BINARY = frozenset({"Add", "Div", "Mul", "Sub"})


@final
@dataclass(frozen=True)
class Lifetime:
    """Bytes that must hold still from the step that makes them to the last one that reads them."""

    size_bytes: int
    first: int
    last: int


@final
@dataclass(frozen=True)
class Placed:
    """Offsets in the region by number of memory, its size, and which steps write in place.

    `in_place` tells of a step which output, by position, overwrites which input.
    """

    offsets: Mapping[int, int]
    size_bytes: int
    in_place: Mapping[int, Mapping[int, int]] = field(default_factory=dict)


def place(model: ComposedModel, bricks: Mapping[str, Brick], *, in_place: bool = True) -> Placed:
    """Offsets for all memory of `model` but its inputs and what holds integers.

    Memory is held while a step uses it and given back after; a step that the runtime executes in
    place has its result where the dying input was.
    """
    lifetimes = _lifetimes(model, bricks)
    overwritten = _in_place(model, bricks, lifetimes) if in_place else {}
    heirs = {
        model.steps[step].outputs[result]: model.steps[step].inputs[source]
        for step, pairs in overwritten.items()
        for result, source in pairs.items()
    }
    joined = _joined(lifetimes, heirs)
    offsets, size_bytes = best_fit(joined)
    offsets.update({heir: offsets[_owner(heir, heirs)] for heir in heirs})
    return Placed(offsets, size_bytes, overwritten)


def scratch(brick: Brick, turn: int, area_bytes: int) -> tuple[Step, Placed]:
    """A brick of which nothing tells where its tensors lie: inputs in one of two areas, by turns.

    Its outputs are in the other, where the next brick has its inputs.
    """
    areas = [turn % 2 * area_bytes, (turn + 1) % 2 * area_bytes]
    offsets: dict[int, int] = {}
    for area, places in zip(areas, (brick.inputs, brick.outputs), strict=True):
        end = area
        for place_ in places:
            offsets[place_] = end
            end += _aligned(brick.tensors[place_].size_bytes)
    return Step(brick.id, 0, brick.inputs, brick.outputs), Placed(offsets, 2 * area_bytes)


def scratch_bytes(brick: Brick) -> int:
    """The larger of what its inputs need and what its outputs need."""
    sides = (brick.inputs, brick.outputs)
    return max(sum(_aligned(brick.tensors[each].size_bytes) for each in side) for side in sides)


def best_fit(lifetimes: Mapping[int, Lifetime]) -> tuple[dict[int, int], int]:
    """Offsets such that no two that live at once overlap, and the bytes needed in all.

    In order of birth, each takes the smallest hole that is free then and large enough.
    """
    offsets: dict[int, int] = {}
    living: list[tuple[int, int, int]] = []  # offset, end, last
    size_bytes = 0
    for name, life in sorted(lifetimes.items(), key=lambda each: (each[1].first, each[0])):
        living = sorted(each for each in living if each[2] >= life.first)
        need = _aligned(life.size_bytes)
        offset = _hole(living, need)
        offsets[name] = offset
        living.append((offset, offset + need, life.last))
        size_bytes = max(size_bytes, offset + need)
    return offsets, size_bytes


def _aligned(size_bytes: int) -> int:
    return -(-size_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def _hole(living: list[tuple[int, int, int]], need: int) -> int:
    best, best_size, end = None, 0, 0
    for start, stop, _ in living:
        free = start - end
        if free >= need and (best is None or free < best_size):
            best, best_size = end, free
        end = max(end, stop)
    return end if best is None else best


def _lifetimes(model: ComposedModel, bricks: Mapping[str, Brick]) -> dict[int, Lifetime]:
    """Of everything that is made by a brick and holds no integers."""
    sizes: dict[int, int] = {}
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for index, step in enumerate(model.steps):
        if step.brick is None:
            continue
        brick = bricks[step.brick]
        for number, place_ in zip(step.outputs, brick.outputs, strict=True):
            tensor = brick.tensors[place_]
            if not tensor.is_discrete and number not in model.inputs:
                sizes[number] = tensor.size_bytes
                first.setdefault(number, index)
        for number in (*step.inputs, *step.outputs):
            last[number] = index
    end = len(model.steps)
    last.update(dict.fromkeys(model.outputs, end))
    return {each: Lifetime(sizes[each], first[each], last[each]) for each in sizes}


def _in_place(
    model: ComposedModel, bricks: Mapping[str, Brick], lifetimes: Mapping[int, Lifetime]
) -> dict[int, dict[int, int]]:
    found = {}
    for index, step in enumerate(model.steps):
        if step.brick is None:
            continue
        pairs = _pairs(index, step, bricks[step.brick], lifetimes)
        if pairs:
            found[index] = pairs
    return found


def _pairs(
    index: int, step: Step, brick: Brick, lifetimes: Mapping[int, Lifetime]
) -> dict[int, int]:
    """Outputs of a step that overwrite an input, both by position."""
    memory = dict(zip(brick.inputs, step.inputs, strict=True))
    taken: set[int] = set()
    pairs: dict[int, int] = {}
    for result, place_ in enumerate(brick.outputs):
        if step.outputs[result] not in lifetimes:
            continue
        for source in _overwritable(brick, place_, memory):
            position = brick.inputs.index(source)
            life = lifetimes.get(step.inputs[position])
            dies = life is not None and life.last == index
            fits = brick.tensors[source].size_bytes == brick.tensors[place_].size_bytes
            if dies and fits and step.inputs[position] not in taken:
                pairs[result] = position
                taken.add(step.inputs[position])
                break
    return pairs


def _overwritable(brick: Brick, result: int, memory: Mapping[int, int]) -> list[int]:
    """Inputs of the brick over which the layer that makes `result` can write.

    What lies there must have been read by then, under whatever name: all layers that take it come
    before by what they make. Others may be executed after, whatever order they are written in.
    """
    makers = [index for index, each in enumerate(brick.layers) if result in each.outputs]
    done = _needed_by(brick, makers[0])
    maker = brick.layers[makers[0]]
    waiting = [each for index, each in enumerate(brick.layers) if index not in done]
    places = [place for each in waiting for place in each.sources]
    if maker.operator in _SUMMED:  # it reads around a point after it has written there
        places += [each for each in maker.inputs[: _SUMMED[maker.operator]] if each is not None]
    read = {memory.get(place) for place in places}
    return [
        source
        for source in _candidates(maker)
        if source is not None and source in memory and memory[source] not in read
    ]


def _needed_by(brick: Brick, index: int) -> set[int]:
    """The layer at `index`, and all that it cannot be executed without."""
    found = {index}
    wanted = set(brick.layers[index].sources)
    for before in reversed(range(index)):
        if not wanted.isdisjoint(brick.layers[before].outputs):
            found.add(before)
            wanted.update(brick.layers[before].sources)
    return found


def _candidates(layer: BrickLayer) -> tuple[int | None, ...]:
    if layer.operator in _SUMMED:
        place_ = _SUMMED[layer.operator]
        return layer.inputs[place_ : place_ + 1]
    if layer.operator in _UNARY:
        return layer.inputs[:1]
    return layer.inputs[:2] if layer.operator in _BINARY else ()


def _owner(number: int, heirs: Mapping[int, int]) -> int:
    while number in heirs:
        number = heirs[number]
    return number


def _joined(lifetimes: Mapping[int, Lifetime], heirs: Mapping[int, int]) -> dict[int, Lifetime]:
    """Lifetimes of the owners, each as long as that of its last heir."""
    joined = {number: life for number, life in lifetimes.items() if number not in heirs}
    for heir in heirs:
        owner = _owner(heir, heirs)
        life = joined[owner]
        last = max(life.last, lifetimes[heir].last)
        joined[owner] = Lifetime(life.size_bytes, life.first, last)
    return joined
