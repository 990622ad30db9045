"""`Space`: all networks that a space file allows, as shapes of layers; `Block`, one place of them.

N blocks, M operations of a block, Q precisions, L numbers of lanes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

from dlscope.core.digest import digest
from dlscope.core.errors import raise_all
from dlscope.core.manifest import SpaceManifest
from dlscope.core.manifest.base import Locate
from dlscope.core.manifest.space import BlockSpec, LaneScope, Scope, check_space
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.space.operation import Operation


@final
@dataclass(frozen=True)
class Block:
    """One searchable place: what comes in, what goes out, and the operations that it may be."""

    place: int
    name: str
    channels_in: int
    channels_out: int
    map_in: tuple[int, int]
    map_out: tuple[int, int]
    stride: int
    operations: tuple[Operation, ...]

    def layers(self, operation: int) -> tuple[LayerShape, ...]:
        """The layers of the operation with that index, none where it skips the block."""
        shape = (self.channels_in, self.channels_out, self.map_in, self.stride)
        return self.operations[operation].layers(*shape)

    def work(self, operation: int) -> int:
        """Multiply-accumulates of the operation with that index."""
        return sum(layer.work for layer in self.layers(operation))

    def is_residual(self, operation: int) -> bool:
        """Whether the operation with that index adds its input to its output."""
        shape = (self.channels_in, self.channels_out, self.stride)
        return self.operations[operation].is_residual(*shape)


@final
@dataclass(frozen=True)
class Lanes:
    """Logarithms to base 2 of the fewest and the most lanes, and what shares them."""

    least_log2: int
    most_log2: int
    scope: LaneScope

    @property
    def count(self) -> int:
        """How many numbers of lanes there are, L."""
        return self.most_log2 - self.least_log2 + 1


@final
@dataclass(frozen=True)
class SpaceSize:
    """Exact counts: networks, networks with their bits, and those with their lanes as well."""

    networks: int
    with_precisions: int
    with_lanes: int


@final
class Space:
    """The networks of a manifest.

    Raises `ManifestError`, or `Problems` with one for everything that is wrong between its parts.
    """

    def __init__(self, manifest: SpaceManifest) -> None:
        raise_all(check_space(manifest, _locate(manifest)))
        self.manifest = manifest
        self.input = manifest.input
        self.classes = manifest.classes
        self.precisions: Sequence[Precision] = tuple(
            Precision(each.w, each.a) for each in manifest.quant
        )
        self.precision_scope: Scope = manifest.quant_scope
        self.lanes = Lanes(manifest.pf.min, manifest.pf.max, manifest.pf.scope)
        channels, height, width = manifest.input
        stem = manifest.stem
        size = (height, width)
        self.stem_layers = (
            LayerShape.conv(channels, stem.c_out, size, stem.k, stride=stem.stride),
        )
        self.blocks: Sequence[Block] = _blocks(manifest, self.stem_layers[-1])
        self.head_layers = _head(self.blocks[-1], manifest.head.c_out, manifest.classes)

    @property
    def name(self) -> str:
        """The name of the manifest."""
        return self.manifest.name

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything but the name, the version and the description."""
        told = {"name", "version", "description"}
        return digest({k: v for k, v in self.manifest.to_json().items() if k not in told})

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All operations of any block, each once, in the order of their first appearance."""
        return tuple(dict.fromkeys(each for block in self.blocks for each in block.operations))

    def ends_precision(self, precision: int) -> Precision:
        """The bits of stem and head: the widest that are listed, or those of the whole network.

        `precision` is the index of what the network has, where it has one for all.
        """
        if self.precision_scope == "network":
            return self.precisions[precision]
        return max(self.precisions, key=lambda each: (each.lane_bits, each.weight_bits))

    def size(self) -> SpaceSize:
        """How many designs there are.

        networks            Π_i M_i
        with_precisions     Π_i (M_i · Q), or Q · Π_i M_i with one precision for the network
        with_lanes          times L^N, or L^(types of operations) where those share their lanes
        """
        networks = math.prod(len(block.operations) for block in self.blocks)
        choices = 1 if self.precision_scope == "network" else len(self.blocks)
        with_precisions = int(networks * len(self.precisions) ** choices)
        by_type = self.lanes.scope == "op_type"
        engines = len(self.operations) if by_type else len(self.blocks)
        return SpaceSize(
            networks, with_precisions, int(with_precisions * self.lanes.count**engines)
        )


def _blocks(manifest: SpaceManifest, stem: LayerShape) -> tuple[Block, ...]:
    blocks: list[Block] = []
    channels, size = stem.channels_out, stem.map_out
    for place, spec in enumerate(manifest.blocks):
        block = _block(place, spec, channels, size)
        blocks.append(block)
        channels, size = block.channels_out, block.map_out
    return tuple(blocks)


def _block(place: int, spec: BlockSpec, channels_in: int, map_in: tuple[int, int]) -> Block:
    height, width = (-(-length // spec.stride) for length in map_in)
    operations = tuple(map(Operation.of, spec.ops))
    stride, channels_out = spec.stride, spec.c_out
    return Block(
        place, spec.name, channels_in, channels_out, map_in, (height, width), stride, operations
    )


def _head(last: Block, channels: int, classes: int) -> tuple[LayerShape, ...]:
    """1×1 convolution, average over the whole map, classifier."""
    mixed = LayerShape.conv(last.channels_out, channels, last.map_out)
    average = LayerShape.pool(channels, last.map_out, last.map_out, stride=max(last.map_out))
    return mixed, average, LayerShape.dense(channels, classes)


def _locate(manifest: SpaceManifest) -> Locate:
    def locate(path: tuple[int | str, ...]) -> str:
        steps = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
        return f"space {manifest.name}, {steps.removeprefix('.')}"

    return locate
