"""`recursive_source`: one engine for each kind of layer, called by a schedule, as C++."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from dlscope.devices.layer_shape import Kind, LayerShape
from dlscope.methods.codesign.emission.accelerator.arrays import ConstantArray
from dlscope.methods.codesign.emission.accelerator.schedule import (
    NOTHING,
    Engine,
    Step,
    engines_of,
    packed,
    placed,
    step_fields,
)
from dlscope.methods.codesign.emission.accelerator.source import (
    ModelledStage,
    Source,
)
from dlscope.methods.codesign.emission.accelerator.stage import grid_type, signed_type
from dlscope.methods.codesign.emission.accelerator.stages import places, require_lanes
from dlscope.methods.codesign.emission.accelerator.streaming import golden_bits
from dlscope.methods.codesign.emission.grid import Grid, Integers
from dlscope.methods.codesign.emission.integer_network import IntegerLayer, IntegerNetwork

_TILING = "Loops are tiled by T_c channels of input times T_k of output."
_Found = Sequence[tuple[IntegerLayer, LayerShape]]


def recursive_source(
    network: IntegerNetwork, lanes: Sequence[int], *, title: str = "design"
) -> Source:
    """The accelerator of `network`; an engine is as wide as the widest of `lanes` of its layers.

    Lanes are one number for each layer and for the average before the classifier. Raises
    `SearchError` for another number of them, and for convolutions in groups.
    """
    found = places(network)
    require_lanes(lanes, len(found))
    engines = engines_of(found, lanes)
    starts, map_size = _memory(network, found)
    steps = tuple(_steps(network, found, engines, starts))
    context = _context(network, steps, engines, title)
    context |= {"map_size": map_size, "image_at": starts[0], "tiling": _TILING}
    arrays = [*_weights(found, engines), *_channels(network)]
    modelled = (ModelledStage(step.name, step.cycles) for step in steps)
    return Source.of("recursive.cpp", context, arrays, modelled, tiling="recursive")


def _memory(network: IntegerNetwork, found: _Found) -> tuple[tuple[int, ...], int]:
    """Where the input and what each stage gives lie; sums before an average take no room here."""
    sizes, last_use = [found[0][1].inputs], [0]
    step_of = {id(layer): step for step, (layer, shape) in enumerate(found) if shape.weights}
    for step, (layer, shape) in enumerate(found):
        is_wide = layer.gives is None or (layer.average is not None and shape.kind != "pool")
        sizes.append(0 if is_wide else shape.outputs)
        readers = [step + 1] + [
            step_of[id(other)]
            for other in network.layers
            if other.source is not None and network.layers[other.source] is layer
        ]
        last_use.append(max(readers))
    # Tensor t is given at step t - 1, while all that is read at that step is still there.
    return placed(sizes, [use + 1 for use in last_use])


def _steps(
    network: IntegerNetwork, found: _Found, engines: Mapping[Kind, Engine], starts: Sequence[int]
) -> Iterator[Step]:
    order = list(engines)
    words = dict.fromkeys(engines, 0)
    first_channel = np.cumsum([0, *(layer.shape.channels_out for layer in network.layers)])
    layer_at = {id(layer): place for place, layer in enumerate(network.layers)}
    given_at: dict[int, int] = {}
    for number, (layer, shape) in enumerate(found):
        engine, place = engines[shape.kind], layer_at[id(layer)]
        is_pool = shape.kind == "pool"
        given_at[place] = starts[number + 1]
        residual = NOTHING if layer.source is None or is_pool else given_at[layer.source]
        at = (starts[number], starts[number + 1], residual, words[shape.kind], first_channel[place])
        fields = step_fields(order.index(shape.kind), layer, shape, [int(each) for each in at])
        name = f"{layer.name}.average" if is_pool else layer.name
        yield Step(name, layer, shape, engine, tuple(fields))
        if not is_pool:
            words[shape.kind] += len(packed(engine, layer))


def _weights(found: _Found, engines: Mapping[Kind, Engine]) -> Iterator[ConstantArray]:
    for kind, engine in engines.items():
        own = [packed(engine, layer) for layer, shape in found if shape.kind == kind]
        if kind != "pool":
            yield ConstantArray(f"{kind}_weights", np.concatenate(own), engine.weight_bits)


def _channels(network: IntegerNetwork) -> Iterator[ConstantArray]:
    """What belongs to channels, of all layers one after another."""
    layers = network.layers
    yield _joined("bias", [layer.bias for layer in layers])
    yield _joined("sum_shifts", [layer.sum_shifts for layer in layers])
    yield _joined("residual_shifts", [layer.residual_shifts for layer in layers])
    yield _joined("shifts", [layer.shifts for layer in layers])
    averages = [(layer.average, np.zeros_like(layer.bias)) for layer in layers]
    yield _joined("floors", [none if each is None else each.floor for each, none in averages])
    yield _joined("ceilings", [none if each is None else each.ceiling for each, none in averages])


def _joined(name: str, parts: Sequence[Integers]) -> ConstantArray:
    return ConstantArray.of(name, np.concatenate(parts))


def _context(
    network: IntegerNetwork, steps: Sequence[Step], engines: Mapping[Kind, Engine], title: str
) -> dict[str, Any]:
    first, last = network.layers[0], network.layers[-1]
    grids = [layer.reads for layer in network.layers]
    averaged = [layer for layer in network.layers if layer.average is not None]
    return {
        "title": title,
        "is_streaming": False,
        "stages": steps,
        "steps": steps,
        "engines": tuple(engines.values()),
        "inputs": first.shape.inputs,
        "answers": last.shape.outputs,
        "given": sum(step.shape.outputs for step in steps),
        "image_type": grid_type(first.reads),
        "image_exponent": first.reads.exponent,
        "answers_type": signed_type(last.accumulator_bits),
        "answers_exponent": network.exponent,
        "map_bits": max(map(_signed_bits, grids)),
        "wide_bits": max((layer.accumulator_bits for layer in averaged), default=1),
        "wide_size": max((layer.shape.outputs for layer in averaged), default=1),
        "most_lanes": max(max(each.lanes_in, each.lanes_out) for each in engines.values()),
        "golden_bits": golden_bits(network),
    }


def _signed_bits(grid: Grid) -> int:
    return grid.bits if grid.is_signed else grid.bits + 1
