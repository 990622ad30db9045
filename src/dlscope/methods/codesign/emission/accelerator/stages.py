"""The stages of a streaming accelerator, with the lanes that were chosen for them.

Two ways to tile a layer, each with the cycle model of its device: `pipelined`, channels of input
times channels of output, and `dataflow`, lanes of a window times processing elements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

from dlscope.core.errors import SearchError
from dlscope.devices.fpga_dataflow import MatrixVectorUnit
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.pipeline_stage import PipelineStage, split_lanes
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.emission.accelerator.stage import Kind, Stage, grid_type
from dlscope.methods.codesign.emission.integer_network import IntegerLayer, IntegerNetwork

_FLATTEST = 2


@final
@dataclass(frozen=True)
class Tiled:
    """How a layer is tiled: its loops, lanes of input and of output, and the cycles it takes."""

    kind: Kind
    simd: int
    lanes_out: int
    cycles: int


Tiling: TypeAlias = Callable[[LayerShape, Precision, int], Tiled]
Streaming = Literal["pipelined", "dataflow"]


def places(network: IntegerNetwork) -> tuple[tuple[IntegerLayer, LayerShape], ...]:
    """Every layer with its shape, and behind the one that is averaged the pool of it.

    Raises `SearchError` for a convolution in groups that is not depthwise.
    """
    found = []
    for layer in network.layers:
        if layer.shape.groups > 1 and layer.shape.kind != "depthwise":
            raise SearchError(
                f"a convolution in {layer.shape.groups} groups",
                where=f"layer {layer.name}: {layer.shape}",
                fix="use one group, or one for each channel",
            )
        found.append((layer, layer.shape))
        if layer.average is not None:
            found.append((layer, pool_of(layer)))
    return tuple(found)


def pool_of(layer: IntegerLayer) -> LayerShape:
    """The average over the whole map that `layer` gives."""
    size = layer.shape.map_out
    return LayerShape.pool(layer.shape.channels_out, size, size, stride=max(size))


def stages_of(network: IntegerNetwork, lanes: Sequence[int], tiling: Tiling) -> tuple[Stage, ...]:
    """The stages of `network`, each with about as many `lanes`, one number for each of `places`.

    Raises `SearchError` for another number of them.
    """
    found = places(network)
    require_lanes(lanes, len(found))
    return tuple(_stages(network, found, lanes, tiling))


def require_lanes(lanes: Sequence[int], count: int) -> None:
    """Raise `SearchError` unless there are `count` lanes, each from 1 on."""
    if len(lanes) != count or min(lanes) < 1:
        raise SearchError(
            f"lanes are {list(lanes)}",
            where=f"accelerator of {count} stages",
            fix="give each layer, and the average before the classifier, at least one lane",
        )


def pipelined(shape: LayerShape, precision: Precision, lanes: int) -> Tiled:
    """CPF × KPF lanes, those of a depthwise layer and of a pool channels of both."""
    cpf, kpf = split_lanes(shape, lanes)
    cycles = PipelineStage(shape, precision, cpf, kpf).cycles
    if shape.kind in ("depthwise", "pool"):
        kind: Kind = "pool" if shape.kind == "pool" else "depthwise"
        return Tiled(kind, 1, max(cpf, kpf), cycles)
    return Tiled("conv", cpf, kpf, cycles)


def dataflow(shape: LayerShape, precision: Precision, lanes: int) -> Tiled:
    """PE × SIMD lanes: as many of the window as divide it, no more than twice the elements."""
    by_channel = shape.kind in ("depthwise", "pool")
    most_simd = 1 if by_channel else shape.fan_in & -shape.fan_in
    most_pe = shape.channels_out & -shape.channels_out
    simd = min(_power_below(lanes), most_simd)
    pe = min(_power_below(lanes) // simd, most_pe)
    while simd > _FLATTEST * pe and pe < most_pe:
        simd, pe = simd // 2, pe * 2
    cycles = MatrixVectorUnit(shape, precision, pe, simd).cycles
    kind: Kind = "pool" if shape.kind == "pool" else "depthwise" if by_channel else "unit"
    return Tiled(kind, simd, pe, cycles)


TILINGS: dict[str, Tiling] = {"pipelined": pipelined, "dataflow": dataflow}


def _stages(
    network: IntegerNetwork,
    found: Sequence[tuple[IntegerLayer, LayerShape]],
    lanes: Sequence[int],
    tiling: Tiling,
) -> Iterator[Stage]:
    for place, ((layer, shape), count) in enumerate(zip(found, lanes, strict=True)):
        tiled = tiling(shape, layer.precision, count)
        yield Stage(
            place=place,
            kind=tiled.kind,
            layer=layer,
            shape=shape,
            simd=tiled.simd,
            lanes_out=tiled.lanes_out,
            cycles=tiled.cycles,
            residual_type=_residual_type(network, layer, shape),
        )


def _residual_type(network: IntegerNetwork, layer: IntegerLayer, shape: LayerShape) -> str:
    if layer.source is None or shape.kind == "pool":
        return ""
    return grid_type(network.layers[layer.source + 1].reads)


def _power_below(lanes: int) -> int:
    return 1 << (lanes.bit_length() - 1)
