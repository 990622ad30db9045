"""A8, A9 and A10: kernels, one by one and by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
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
from dlscope.methods.profiling.analyses.columns import (
    COST,
    DURATION,
    LAYER_INDEX,
    LAYER_NAME,
    cost_cells,
    duration_cell,
)
from dlscope.methods.profiling.cost import total
from dlscope.methods.profiling.node import Node
from dlscope.methods.profiling.profile import Profile

KERNEL_NAME = Column("kernel_name", "str", "name of the kernel")
_FEWEST_SAMPLES = 10


@final
class KernelInformation(ProfileAnalysis):
    """A8: every invocation, the longest first."""

    name: ClassVar[str] = "a8"
    doc: ClassVar[str] = "Which kernels run for which layer?"
    title: ClassVar[str] = "Kernel information"
    formula: ClassVar[str] = "latency of the run M/…/K; counters from runs of their own"
    needs: ClassVar[tuple[Level, ...]] = (Level.MODEL, Level.LAYER, Level.KERNEL)
    columns: ClassVar[tuple[Column, ...]] = (
        BATCH,
        LAYER_INDEX,
        LAYER_NAME,
        KERNEL_NAME,
        Column("grid", "str", "blocks of the launch", priority=2),
        Column("block", "str", "threads of a block", priority=2),
        Column("stream", "int", "stream of the device", priority=2),
        DURATION,
        Column("error_us", "float", "standard error of a sampled duration", "µs", "value"),
        Column("resolution", "str", "said of a sampled kernel that was seen too seldom"),
        *COST,
        Column("gbytes", "float", "bytes per time", "GB/s", "value", 2),
    )

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterable[Record]:
        del profiles
        for kernel in _longest_first(profile):
            latency, cost = profile.latency_ns(kernel), profile.cost(kernel)
            yield {
                "batch_size": profile.batch_size,
                **_where(kernel),
                "kernel_name": kernel.name,
                "grid": _text(kernel, "grid"),
                "block": _text(kernel, "block"),
                "stream": _number(kernel, "stream"),
                **duration_cell(latency),
                "error_us": microseconds(_error_ns(kernel, latency)),
                "resolution": "< resolution" if 0 < kernel.count < _FEWEST_SAMPLES else None,
                **cost_cells(cost, latency, profile.ceilings),
                "gbytes": cost.gbytes(latency),
            }


@final
class KernelRoofline(ProfileAnalysis):
    """A9: intensity and throughput of every invocation."""

    name: ClassVar[str] = "a9"
    doc: ClassVar[str] = "Which kernels are bound by memory?"
    title: ClassVar[str] = "Roofline of the kernels"
    formula: ClassVar[str] = "intensity = FLOP / bytes; a point for each invocation with counters"
    needs: ClassVar[tuple[Level, ...]] = (Level.MODEL, Level.LAYER, Level.KERNEL)
    columns: ClassVar[tuple[Column, ...]] = (BATCH, LAYER_NAME, KERNEL_NAME, DURATION, *COST)

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterable[Record]:
        del profiles
        for kernel in _longest_first(profile):
            latency, cost = profile.latency_ns(kernel), profile.cost(kernel)
            if cost.source:
                yield {
                    "batch_size": profile.batch_size,
                    "layer_name": _where(kernel)["layer_name"],
                    "kernel_name": kernel.name,
                    **duration_cell(latency),
                    **cost_cells(cost, latency, profile.ceilings),
                }


@final
class KernelsByName(ProfileAnalysis):
    """A10: all invocations of one kernel together."""

    name: ClassVar[str] = "a10"
    doc: ClassVar[str] = "Which kernels take the time, over all layers?"
    title: ClassVar[str] = "Kernels by name"
    formula: ClassVar[str] = "Σ over invocations; percent of the latency of the model"
    needs: ClassVar[tuple[Level, ...]] = (Level.MODEL, Level.KERNEL)
    columns: ClassVar[tuple[Column, ...]] = (
        BATCH,
        KERNEL_NAME,
        Column("count", "int", "invocations in one iteration, or samples in all", role="count"),
        DURATION,
        Column("pct_of_model", "float", "by the latency of the model", "%", "share"),
        *COST,
    )

    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterator[Record]:
        del profiles
        assert profile.model is not None
        whole = profile.latency_ns(profile.model)
        named: dict[str, list[Node]] = defaultdict(list)
        for kernel in profile.nodes(Level.KERNEL):
            named[kernel.name].append(kernel)
        sums = {
            name: sum(profile.latency_ns(kernel) or 0.0 for kernel in kernels)
            for name, kernels in named.items()
        }
        for name in sorted(named, key=lambda each: (-sums[each], each)):
            kernels = named[name]
            cost = total((profile.cost(each), profile.latency_ns(each)) for each in kernels)
            yield {
                "batch_size": profile.batch_size,
                "kernel_name": name,
                "count": sum(kernel.count or 1 for kernel in kernels),
                **duration_cell(sums[name]),
                "pct_of_model": percent(sums[name], whole),
                **cost_cells(cost, sums[name], profile.ceilings),
            }


def _longest_first(profile: Profile) -> list[Node]:
    def order(kernel: Node) -> tuple[float, int, str]:
        layer = kernel.above(Level.LAYER)
        return (-(profile.latency_ns(kernel) or 0.0), layer.index if layer else -1, kernel.name)

    return sorted(profile.nodes(Level.KERNEL), key=order)


def _where(kernel: Node) -> dict[str, Cell]:
    layer = kernel.above(Level.LAYER)
    if layer is None:
        return {"layer_index": None, "layer_name": None}
    return {"layer_index": layer.index, "layer_name": layer.name}


def _error_ns(kernel: Node, latency: float | None) -> float | None:
    """Of a duration that was estimated from n samples: 1/√n of it."""
    return None if not kernel.count or latency is None else latency / kernel.count**0.5


def _text(kernel: Node, name: str) -> str | None:
    value = kernel.attributes.get(name)
    return None if value is None else str(value)


def _number(kernel: Node, name: str) -> int | None:
    value = kernel.attributes.get(name)
    return None if value is None else int(value)
