"""A11, A12 and A13: the kernels of each layer together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar, final

from dlscope.core.table import Cell, Column
from dlscope.core.trace import Level
from dlscope.methods.profiling.analyses.base import (
    BATCH,
    ProfileAnalysis,
    Record,
    microseconds,
    percent,
)
from dlscope.methods.profiling.analyses.columns import COST, LAYER_INDEX, LAYER_NAME, cost_cells
from dlscope.methods.profiling.cost import Cost
from dlscope.methods.profiling.node import Node
from dlscope.methods.profiling.profile import Profile

_NEEDS = (Level.MODEL, Level.LAYER, Level.KERNEL)
_CLAMPED = -0.02
_METRICS: Mapping[str, tuple[str, Callable[[Cost], float | None], float]] = {
    "flops": ("GFLOP", lambda cost: cost.flops, 1e-9),
    "dram_read": ("MiB", lambda cost: cost.read_bytes, 2.0**-20),
    "dram_write": ("MiB", lambda cost: cost.write_bytes, 2.0**-20),
    "achieved_occupancy": ("%", lambda cost: cost.occupancy, 100.0),
}


def _kernel_run(profile: Profile) -> int:
    return profile.run_of(Level.KERNEL)


def _place(profile: Profile, layer: Node) -> dict[str, Cell]:
    return {
        "batch_size": profile.batch_size,
        "layer_index": layer.index,
        "layer_name": layer.name,
    }


def _sum_ns(profile: Profile, layer: Node) -> float:
    return sum(profile.latency_ns(kernel) or 0.0 for kernel in profile.kernels(layer))


def _union_ns(profile: Profile, layer: Node) -> float:
    return profile.union_ns(iter(profile.kernels(layer)), _kernel_run(profile)) or 0.0


@final
class KernelsByLayer(ProfileAnalysis):
    """A11: kernels aggregated by layer."""

    name: ClassVar[str] = "a11"
    doc: ClassVar[str] = "How much of each layer is its kernels, and what do they do?"
    title: ClassVar[str] = "Kernels by layer"
    formula: ClassVar[str] = "non_kernel = layer (run M/L) − union of its kernels (run M/…/K)"
    needs: ClassVar[tuple[Level, ...]] = _NEEDS
    columns: ClassVar[tuple[Column, ...]] = (
        BATCH,
        LAYER_INDEX,
        LAYER_NAME,
        Column("layer_type", "str", "operator of the layer"),
        Column("layer_duration_us", "float", "latency of the layer", "µs", "value"),
        Column("kernel_duration_us", "float", "sum over its kernels", "µs", "value"),
        Column("kernel_union_us", "float", "time in which one of them ran", "µs", "value", 2),
        Column("non_kernel_us", "float", "layer minus that time", "µs", "value"),
        *COST,
    )

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterable[Record]:
        del profiles
        for layer in profile.nodes(Level.LAYER):
            latency, busy = profile.latency_ns(layer), _sum_ns(profile, layer)
            union = _union_ns(profile, layer)
            yield {
                **_place(profile, layer),
                "layer_type": layer.type,
                "layer_duration_us": microseconds(latency),
                "kernel_duration_us": microseconds(busy),
                "kernel_union_us": microseconds(union),
                "non_kernel_us": None if latency is None else microseconds(latency - union),
                **cost_cells(profile.cost(layer), busy, profile.ceilings),
            }


@final
class KernelMetrics(ProfileAnalysis):
    """A12: one row for each layer and metric."""

    name: ClassVar[str] = "a12"
    doc: ClassVar[str] = "How do work, traffic and occupancy change along the model?"
    title: ClassVar[str] = "Kernel metrics by layer"
    formula: ClassVar[str] = "Σ over the kernels of a layer; occupancy weighted by time"
    needs: ClassVar[tuple[Level, ...]] = _NEEDS
    columns: ClassVar[tuple[Column, ...]] = (
        BATCH,
        LAYER_INDEX,
        LAYER_NAME,
        Column("metric", "str", "what is counted"),
        Column("value", "float", "how much of it", role="value"),
        Column("unit", "str", "unit of the value"),
        Column("source", "str", "measured by counters, or analytic: from shapes", priority=2),
    )

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterable[Record]:
        del profiles
        for layer in profile.nodes(Level.LAYER):
            cost = profile.cost(layer)
            for metric, (unit, read, factor) in _METRICS.items():
                value = read(cost)
                yield {
                    **_place(profile, layer),
                    "metric": metric,
                    "value": None if value is None else value * factor,
                    "unit": unit,
                    "source": cost.source or None,
                }
            latency = microseconds(_sum_ns(profile, layer))
            told = {
                "metric": "kernel_latency",
                "value": latency,
                "unit": "µs",
                "source": "measured",
            }
            yield {**_place(profile, layer), **told}


@final
class DeviceLatency(ProfileAnalysis):
    """A13: device against the rest, by layer."""

    name: ClassVar[str] = "a13"
    doc: ClassVar[str] = "How much of each layer is spent outside its kernels?"
    title: ClassVar[str] = "Device and other latency by layer"
    formula: ClassVar[str] = "device = union of the layer's kernels; other = layer − device"
    needs: ClassVar[tuple[Level, ...]] = _NEEDS
    columns: ClassVar[tuple[Column, ...]] = (
        BATCH,
        LAYER_INDEX,
        LAYER_NAME,
        Column("device_us", "float", "time in which a kernel of the layer ran", "µs", "value"),
        Column("non_device_us", "float", "the rest of the layer", "µs", "value"),
        Column("device_pct", "float", "device by both", "%", "share"),
        Column("tag", "str", "clamped: up to 2 % below zero was set to it; inconsistent: more"),
    )

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterable[Record]:
        del profiles
        for layer in profile.nodes(Level.LAYER):
            latency, device = profile.latency_ns(layer), _union_ns(profile, layer)
            rest, tag = _rest(latency, device)
            yield {
                **_place(profile, layer),
                "device_us": microseconds(device),
                "non_device_us": microseconds(rest),
                "device_pct": percent(device, None if rest is None else device + max(rest, 0.0)),
                "tag": tag,
            }


def _rest(latency: float | None, device: float) -> tuple[float | None, str | None]:
    """Layer minus device: both come from different runs, so that it may be below zero."""
    if latency is None:
        return None, "no latency"
    rest = latency - device
    if rest >= 0:
        return rest, None
    return (0.0, "clamped") if rest >= _CLAMPED * latency else (rest, "inconsistent")
