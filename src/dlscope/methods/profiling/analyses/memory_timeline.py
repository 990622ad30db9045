"""A20: how much memory results hold while the model runs, and who holds it at the peak."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from dlscope.core.report import Finding
from dlscope.core.table import Column, Table
from dlscope.core.trace import Level
from dlscope.core.units import format_number, scale_for
from dlscope.methods.profiling.analyses.base import BATCH, ProfileAnalysis, Record, named
from dlscope.methods.profiling.analyses.columns import INDEX, NAME, TYPE
from dlscope.methods.profiling.analyses.layers import allocated_bytes
from dlscope.methods.profiling.joining import layer_parts
from dlscope.methods.profiling.layer_work import LayerWork
from dlscope.methods.profiling.node import Node
from dlscope.methods.profiling.profile import WORK, Profile

GRAPH, ALLOCATOR = "graph", "allocator"
_HELD = ("peak_allocated_bytes", "allocator_in_use_bytes")
_NAMED = 3


@final
class MemoryTimeline(ProfileAnalysis):
    """A20: one row for each layer in order of execution."""

    name: ClassVar[str] = "a20"
    doc: ClassVar[str] = "When does the model hold the most memory, and for which layers?"
    title: ClassVar[str] = "Memory along the model"
    formula: ClassVar[str] = (
        "graph: Σ results made so far that a layer still reads, the model's own to the end, without"
        " inputs and weights; allocator: what the framework says that it holds; running maximum"
    )
    needs: ClassVar[tuple[Level, ...]] = (Level.MODEL, Level.LAYER)
    columns: ClassVar[tuple[Column, ...]] = (
        BATCH,
        INDEX,
        NAME,
        TYPE,
        Column("result_bytes", "int", "results of the layer", "bytes", "value"),
        Column("live_bytes", "int", "held while it runs", "bytes", "value"),
        Column("highest_bytes", "int", "most that was held so far", "bytes", "value"),
        Column("peak", "bool", "whether the model holds the most here, for the first time"),
        Column("held", "str", "layers whose results are held, the largest first"),
        Column("source", "str", "graph, or allocator: who tells what is held"),
    )

    def _reason(self, profile: Profile) -> str:
        return "" if timeline(profile) else "neither the graph nor an allocator tells what is held"

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterable[Record]:
        del profiles
        moments = timeline(profile)
        live = [moment.live_bytes for moment in moments]
        peak = live.index(max(live))
        highest = np.maximum.accumulate(live).tolist()
        for place, moment in enumerate(moments):
            layer = moment.layer
            yield {
                "batch_size": profile.batch_size,
                "index": layer.index,
                "name": layer.name,
                "type": layer.type,
                "result_bytes": result_bytes(layer),
                "live_bytes": moment.live_bytes,
                "highest_bytes": highest[place],
                "peak": place == peak,
                "held": moment.told,
                "source": moment.source,
            }

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return tuple(
            Finding(
                "note",
                f"{named(row)}, holds the most memory in {row['name']}: {_size(row['live_bytes'])}",
                table.name,
                (place,),
                f"results of {row['held']}" if row["held"] else "as its allocator tells",
            )
            for place, row in enumerate(table)
            if row["peak"]
        )


@dataclass(frozen=True)
class Moment:
    """What is held while `layer` runs: bytes, and the layers that made it, the largest first."""

    layer: Node
    live_bytes: int
    held: tuple[str, ...]
    source: str

    @property
    def told(self) -> str | None:
        """The largest results, and how many more there are."""
        more = len(self.held) - _NAMED
        names = [*self.held[:_NAMED], *([f"{more} more"] if more > 0 else [])]
        return ", ".join(names) or None


def timeline(profile: Profile) -> tuple[Moment, ...]:
    """One moment for each layer in order of execution; empty where nobody tells what is held."""
    layers = profile.nodes(Level.LAYER)
    parts, text = layer_parts(profile), profile.run.artifacts.get(WORK)
    if text is not None and any(parts.values()):
        return tuple(_by_graph(layers, parts, LayerWork.from_text(text)))
    return tuple(_by_allocator(layers))


def result_bytes(layer: Node) -> int | None:
    """Bytes of the results of a layer, from the shape of the first where nothing tells more."""
    told = allocated_bytes(layer)
    shape, kind = (layer.attributes.get(name) for name in ("output_shape", "output_dtype"))
    if told is not None or shape is None or kind is None:
        return told
    try:
        sizes = [int(size) for size in str(shape).split("x")]
        return math.prod(sizes) * np.dtype(str(kind)).itemsize
    except (TypeError, ValueError):
        return None


def _by_graph(
    layers: Sequence[Node], parts: Mapping[str, Sequence[str]], work: LayerWork
) -> Iterator[Moment]:
    """Each result lives from the layer that makes it to the last that reads it."""
    runs_in = {part: place for place, layer in enumerate(layers) for part in parts[layer.name]}
    sizes = [result_bytes(layer) or 0 for layer in layers]
    ends = [
        _last_reader(place, parts[layer.name], runs_in, work, len(layers))
        for place, layer in enumerate(layers)
    ]
    live: list[int] = []
    for place, layer in enumerate(layers):
        live = [each for each in [*live, place] if ends[each] >= place and sizes[each]]
        held = sorted(live, key=lambda each: (-sizes[each], each))
        names = tuple(layers[each].name for each in held)
        yield Moment(layer, sum(sizes[each] for each in held), names, GRAPH)


def _last_reader(
    place: int,
    parts: Sequence[str],
    runs_in: Mapping[str, int],
    work: LayerWork,
    count: int,
) -> int:
    """The place of the last layer that reads a result made at `place`.

    What the framework made for itself serves the next layer; what no layer reads is a result of
    the model.
    """
    if not parts:
        return place + 1
    readers = {reader for part in parts for reader in work.readers(part)} - set(parts)
    places = [runs_in[reader] for reader in readers if reader in runs_in]
    return max([place, *places]) if readers else count


def _by_allocator(layers: Sequence[Node]) -> Iterator[Moment]:
    """What the allocator holds, where it tells that of every layer."""
    held = [_allocated(layer) for layer in layers]
    if None not in held:
        yield from (
            Moment(layer, told or 0, (), ALLOCATOR)
            for layer, told in zip(layers, held, strict=True)
        )


def _allocated(layer: Node) -> int | None:
    return next((int(told) for name in _HELD if (told := layer.attributes.get(name))), None)


def _size(value: object) -> str:
    size = float(str(value))
    scale = scale_for("bytes", [size])
    return f"{format_number(size * scale.factor)} {scale.unit}"
