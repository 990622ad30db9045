"""The roofline floor F: no implementation can be faster than the machine's peaks allow.

    F = Σ max(flops_i / (peak · 1/saving_i), bytes_i / bandwidth_i)

Peaks are measured. The bandwidth is that of the smallest memory that holds what the layer touches
when it runs back to back (`hot`): main memory's would be beaten legitimately by a layer that lives
in a cache. F does not bound fused layers, which move less.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Literal, final

from dlscope.core.errors import BoundError
from dlscope.graph.ir import Graph, Layer
from dlscope.graph.work import Work, graph_work
from dlscope.methods.bounds.costed import Costed
from dlscope.methods.bounds.fast_algorithms import FastAlgorithm, largest_saving

State = Literal["hot", "cold"]
_BEATEN_AT_MOST = 1.5
_MOST_NAMED = 5
TOLERANCE = 0.05
"""How far F may lie above S: peaks and layers are both measured."""


@final
@dataclass(frozen=True)
class MemoryLevel:
    """A cache, or main memory, which has no size: everything fits."""

    name: str
    bytes_per_s: float
    size_bytes: int | None = None


@final
@dataclass(frozen=True)
class Peaks:
    """What a machine does at most: FLOP/s by type, and how fast each level of memory is.

    Raises `BoundError` where no level is main memory, or a rate is not above 0.
    """

    flops_per_s: Mapping[str, float]
    levels: tuple[MemoryLevel, ...]

    def __post_init__(self) -> None:
        rates = [*self.flops_per_s.values(), *(level.bytes_per_s for level in self.levels)]
        if not any(level.size_bytes is None for level in self.levels):
            _refuse("no level of memory holds everything", "add main memory, without a size")
        if not all(0 < rate < math.inf for rate in rates):
            _refuse(
                "a rate is not above 0", "do it again when nothing else computes on this machine"
            )

    def bytes_per_s(self, working_set_bytes: int, state: State) -> float:
        """The bandwidth to something of that size: main memory's if it is `cold`."""
        roomy = [
            level
            for level in self.levels
            if level.size_bytes is None
            or (state == "hot" and level.size_bytes >= working_set_bytes)
        ]
        return min(roomy, key=lambda level: level.size_bytes or math.inf).bytes_per_s


@final
@dataclass(frozen=True)
class Demand:
    """What a layer has to do. `saving` divides its operations; None if it is not known at all."""

    id: int
    name: str
    dtype: str
    work: Work | None
    saving: float | None = 1.0

    @property
    def size_bytes(self) -> int:
        """What it reads and writes, which is also what it touches."""
        return self.work.bytes_read + self.work.bytes_written if self.work else 0


@final
@dataclass(frozen=True)
class LayerFloor:
    """The least time for the operations, and for the bytes, of one layer."""

    compute_ns: int
    memory_ns: int

    @property
    def floor_ns(self) -> int:
        """The larger of the two."""
        return max(self.compute_ns, self.memory_ns)


@final
@dataclass(frozen=True)
class RooflineFloor:
    """The floor of each layer by its id, and the ids of those left out, whose floor is unknown."""

    layers: Mapping[int, LayerFloor]
    left_out: tuple[int, ...] = ()

    @property
    def total_ns(self) -> int:
        """F: layers one after another, each overlapping its operations with its bytes."""
        return sum(layer.floor_ns for layer in self.layers.values())

    @property
    def compute_ns(self) -> int:
        """The operations of all layers at the peaks."""
        return sum(layer.compute_ns for layer in self.layers.values())

    @property
    def memory_ns(self) -> int:
        """The bytes of all layers at the bandwidths."""
        return sum(layer.memory_ns for layer in self.layers.values())


def demands(graph: Graph, admissible: Set[FastAlgorithm]) -> tuple[Demand, ...]:
    """What the layers of `graph` have to do, where `admissible` algorithms may save work."""
    return tuple(
        Demand(layer.id, layer.name, _dtype(layer), work, largest_saving(layer, admissible))
        for layer, work in zip(graph.layers, graph_work(graph).layers, strict=True)
    )


def roofline_floor(
    demanded: Iterable[Demand], peaks: Peaks, *, state: State = "hot"
) -> RooflineFloor:
    """F of layers with known work and known saving; times are rounded down to whole ns.

    Operations in a type without a peak count nothing where they are no multiply-accumulates (sums
    of indices, say). Raises `BoundError` naming the layers with multiply-accumulates in such a
    type.
    """
    demanded = tuple(demanded)
    known = [each for each in demanded if each.work and each.saving]
    lacking = [each for each in known if _needs_peak(each) and each.dtype not in peaks.flops_per_s]
    if lacking:
        names = ", ".join(f"{each.name} ({each.dtype})" for each in lacking)
        _refuse(f"no peak for the type of {names}", "measure a matrix product in that type")
    floors = {each.id: _floor(each, peaks, state) for each in known}
    return RooflineFloor(floors, tuple(each.id for each in demanded if each.id not in floors))


def raised(peaks: Peaks, demanded: Iterable[Demand], best_ns: Mapping[int, int]) -> Peaks:
    """The peaks of computing, each raised to the best rate of a layer that was measured beyond it.

    A peak is the best of one library's products, and another library may be faster. More than half
    beyond it is rather work that is counted wrongly: it raises nothing, and `check_floor` tells.
    """
    rates = dict(peaks.flops_per_s)
    for each in demanded:
        peak, took_ns = peaks.flops_per_s.get(each.dtype), best_ns.get(each.id, 0)
        if peak is None or not took_ns or not _needs_peak(each) or each.saving != 1.0:
            continue
        assert each.work is not None  # it needs a peak
        rate = each.work.flops / took_ns * 1e9
        if rate <= peak * _BEATEN_AT_MOST:
            rates[each.dtype] = max(rates[each.dtype], rate)
    return Peaks(rates, peaks.levels)


def check_floor(floor: RooflineFloor, costed: Costed) -> None:
    """Do nothing where F ≤ S within 5 %: else work is counted wrongly, or peaks are too low.

    Raises `BoundError` naming the layers that are measured to be faster than their floors.
    """
    sequential_ns = sum(costed.best_ns.values())
    if floor.total_ns <= sequential_ns * (1 + TOLERANCE):
        return
    faster = faster_than_floor(floor, costed)
    layers = [
        f"{costed.by_id[each].name} (floor {floor.layers[each].floor_ns} ns, measured "
        f"{costed.best_ns[each]} ns)"
        for each in faster[:_MOST_NAMED]
    ]
    layers += [f"and {len(faster) - _MOST_NAMED} more"] if len(faster) > _MOST_NAMED else []
    raise BoundError(
        f"the roofline floor, {floor.total_ns} ns, is above the sequential bound, "
        f"{sequential_ns} ns: {', '.join(layers)}",
        where=costed.name,
        fix="do it again when nothing else computes on this machine; where it stays so, the work "
        "rules of these operators count too much",
    )


def faster_than_floor(floor: RooflineFloor, costed: Costed) -> Sequence[int]:
    """Ids of layers whose cheapest cost is below their own floor by more than 5 %."""
    return [
        layer
        for layer, each in floor.layers.items()
        if each.floor_ns > costed.best_ns[layer] * (1 + TOLERANCE)
    ]


def _floor(demand: Demand, peaks: Peaks, state: State) -> LayerFloor:
    assert demand.work is not None
    assert demand.saving is not None  # others are left out
    rate = peaks.flops_per_s.get(demand.dtype, math.inf)
    compute_s = demand.work.flops / demand.saving / rate
    memory_s = demand.size_bytes / peaks.bytes_per_s(demand.size_bytes, state)
    return LayerFloor(int(compute_s * 1e9), int(memory_s * 1e9))


def _needs_peak(demand: Demand) -> bool:
    return demand.work is not None and demand.work.macs > 0


def _dtype(layer: Layer) -> str:
    """The type of the first input, that of the result where there is none."""
    first = (*layer.sources, *layer.results)
    return first[0].dtype if first else ""


def _refuse(what: str, fix: str) -> None:
    raise BoundError(what, where="the peaks of the machine", fix=fix)
