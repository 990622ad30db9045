"""A2, A3, A4 and A14: the layers, one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, final

import numpy as np

from dlscope.core.table import Cell, Column
from dlscope.core.trace import Attribute, Level
from dlscope.methods.profiling.analyses.base import (
    BATCH,
    ProfileAnalysis,
    Record,
    accumulated,
    microseconds,
    percent,
)
from dlscope.methods.profiling.analyses.columns import (
    COST,
    DURATION,
    INDEX,
    NAME,
    TYPE,
    cost_cells,
    duration_cell,
)
from dlscope.methods.profiling.node import Node
from dlscope.methods.profiling.profile import Profile

_LAYERS = (Level.MODEL, Level.LAYER)
_MEMORY: Mapping[str, tuple[str, str]] = {
    "allocated_bytes": ("int", "bytes of its results"),
    "peak_allocated_bytes": ("int", "most memory that the framework held during it"),
    "allocator_in_use_bytes": ("int", "memory in use after it"),
    "allocator_name": ("str", "the framework's allocator"),
    "host_temp": ("int", "temporary memory of the host"),
    "device_temp": ("int", "temporary memory of the device"),
    "host_persistent": ("int", "lasting memory of the host, as weights"),
    "device_persistent": ("int", "lasting memory of the device"),
    "activation_bytes": ("int", "bytes that it reads of results of other layers"),
}
_OTHERWISE = {"host_persistent": "parameter_bytes"}
"""Where a framework tells the same under another name."""


def allocated_bytes(node: Node) -> int | None:
    """Bytes that a layer allocated, or those of its results."""
    for name in ("allocated_bytes", "output_bytes", "output_size"):
        if (value := node.attributes.get(name)) is not None:
            return int(value)
    return None


@final
class LayerInformation(ProfileAnalysis):
    """A2: everything known of each layer."""

    name: ClassVar[str] = "a2"
    doc: ClassVar[str] = "Which layers does the model execute, and what does each take?"
    title: ClassVar[str] = "Layer information"
    formula: ClassVar[str] = "latency of the run M/L; cumulative over the order of execution"
    needs: ClassVar[tuple[Level, ...]] = _LAYERS
    columns: ClassVar[tuple[Column, ...]] = (
        BATCH,
        INDEX,
        NAME,
        TYPE,
        Column("shape", "str", "shape of its first result"),
        DURATION,
        Column("share_pct", "float", "by the latency of the model", "%", "share"),
        Column("cumulative_pct", "float", "this layer and those before it", "%", "share"),
        *(
            Column(name, "int" if kind == "int" else "str", doc, "bytes" if kind == "int" else None)
            for name, (kind, doc) in _MEMORY.items()
        ),
    )

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterable[Record]:
        del profiles
        assert profile.model is not None
        layers = profile.nodes(Level.LAYER)
        whole = profile.latency_ns(profile.model)
        latencies = [profile.latency_ns(layer) for layer in layers]
        sums = accumulated(latencies)
        for layer, latency, so_far in zip(layers, latencies, sums, strict=True):
            yield {
                **_place(profile, layer),
                "type": layer.type,
                "shape": _text(layer.attributes.get("output_shape")),
                **duration_cell(latency),
                "share_pct": percent(latency, whole),
                "cumulative_pct": percent(so_far, whole),
                **{name: _known(layer.attributes, name) for name in _MEMORY},
                "allocated_bytes": allocated_bytes(layer),
            }


@final
class LayerLatency(ProfileAnalysis):
    """A3: latency by layer, with the quartiles of its iterations."""

    name: ClassVar[str] = "a3"
    doc: ClassVar[str] = "Where along the model does the time go?"
    title: ClassVar[str] = "Latency by layer"
    formula: ClassVar[str] = "trimmed mean and quartiles over the iterations of the run M/L"
    needs: ClassVar[tuple[Level, ...]] = _LAYERS
    columns: ClassVar[tuple[Column, ...]] = (
        BATCH,
        INDEX,
        NAME,
        Column(
            *("duration_us", "float", "latency", "µs", "value"),
            lo="duration_lo_us",
            hi="duration_hi_us",
        ),
        Column("duration_lo_us", "float", "lower end of its 95 % interval", "µs", "interval"),
        Column("duration_hi_us", "float", "upper end of its 95 % interval", "µs", "interval"),
        Column("p25_us", "float", "first quartile of the iterations", "µs", "value", 2),
        Column("p75_us", "float", "third quartile of the iterations", "µs", "value", 2),
    )

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterable[Record]:
        del profiles
        run = profile.run_of(Level.LAYER)
        for layer in profile.nodes(Level.LAYER):
            interval, quartiles = layer.interval_ns(run), _quartiles(layer, run)
            yield {
                **_place(profile, layer),
                **duration_cell(layer.latency_ns(run)),
                "duration_lo_us": microseconds(interval.lo) if interval else None,
                "duration_hi_us": microseconds(interval.hi) if interval else None,
                "p25_us": microseconds(quartiles[0]) if quartiles else None,
                "p75_us": microseconds(quartiles[1]) if quartiles else None,
            }


@final
class LayerMemory(ProfileAnalysis):
    """A4: memory by layer."""

    name: ClassVar[str] = "a4"
    doc: ClassVar[str] = "Where along the model is memory allocated?"
    title: ClassVar[str] = "Memory by layer"
    formula: ClassVar[str] = "allocated bytes / 2^20; those of its results where nothing tells more"
    needs: ClassVar[tuple[Level, ...]] = _LAYERS
    columns: ClassVar[tuple[Column, ...]] = (
        BATCH,
        INDEX,
        NAME,
        Column("allocated_mib", "float", "memory that the layer allocates", "MiB", "value"),
    )

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterable[Record]:
        del profiles
        for layer in profile.nodes(Level.LAYER):
            allocated = allocated_bytes(layer)
            mebibytes = None if allocated is None else allocated / 2**20
            yield {**_place(profile, layer), "allocated_mib": mebibytes}


@final
class LayerRoofline(ProfileAnalysis):
    """A14: intensity and throughput of each layer."""

    name: ClassVar[str] = "a14"
    doc: ClassVar[str] = "Which layers are bound by memory, and how near to the roof are they?"
    title: ClassVar[str] = "Roofline of the layers"
    formula: ClassVar[str] = "intensity = FLOP / bytes; attainable = min(peak, intensity·bandwidth)"
    needs: ClassVar[tuple[Level, ...]] = _LAYERS
    columns: ClassVar[tuple[Column, ...]] = (BATCH, INDEX, NAME, TYPE, DURATION, *COST)

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterable[Record]:
        del profiles
        for layer in profile.nodes(Level.LAYER):
            latency = _busy(profile, layer)
            yield {
                **_place(profile, layer),
                "type": layer.type,
                **duration_cell(latency),
                **cost_cells(profile.cost(layer), latency, profile.ceilings),
            }


def _busy(profile: Profile, layer: Node) -> float | None:
    """Time of its kernels where counters told of them, else its own."""
    kernels = profile.kernels(layer)
    if any(profile.cost(kernel).source for kernel in kernels):
        return sum(profile.latency_ns(kernel) or 0.0 for kernel in kernels)
    return profile.latency_ns(layer)


def _quartiles(layer: Node, run: int) -> tuple[float, float] | None:
    durations = layer.durations_ns.get(run)
    if durations is None or not durations.size:
        return None
    first, third = np.percentile(durations.astype(np.float64), [25, 75])
    return float(first), float(third)


def _place(profile: Profile, layer: Node) -> dict[str, Cell]:
    return {"batch_size": profile.batch_size, "index": layer.index, "name": layer.name}


def _known(attributes: Mapping[str, Attribute], name: str) -> Cell:
    value = attributes.get(name, attributes.get(_OTHERWISE.get(name, "")))
    return int(value) if isinstance(value, float) else value


def _text(value: Attribute | None) -> str | None:
    return None if value is None else str(value)
