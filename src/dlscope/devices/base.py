"""`Device`: predicts latency, resources and energy of a layer; `Cost`, `Choice`, `NetworkCost`.

`pf` is the logarithm to base 2 of the lanes: multiply-accumulates an engine does in a cycle.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dlscope.core.errors import SearchError
from dlscope.core.manifest import BoardManifest
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision

Floats = NDArray[np.float64]
Objective = Literal["latency", "throughput"]
PrecisionScope = Literal["layer", "network"]
NS_PER_S = 1e9
_NS_PER_CYCLE_MHZ = 1e3
_BITS_OF_BYTE = 8


@final
@dataclass(frozen=True)
class Cost:
    """What one layer costs at each of several `pf`; arrays have their shape.

    Slopes are derivatives over `pf`: ns, or units of a resource, for each doubling of lanes.
    `traffic_bytes` is what external memory carries for one inference, an array where that depends
    on the lanes. `energy_j` is None where the model does not know it. Latencies of a model are
    fractions of ns, unlike measured ones.
    """

    latency_ns: Floats
    latency_slope: Floats
    resources: Mapping[str, Floats] = field(default_factory=dict)
    resource_slopes: Mapping[str, Floats] = field(default_factory=dict)
    traffic_bytes: Floats | float = 0.0
    energy_j: float | None = None


@final
@dataclass(frozen=True)
class Choice:
    """One layer of a design: its bits, its parallelism, and the engine that it shares.

    Layers with the same `engine` run on one, where the device shares engines.
    """

    layer: LayerShape
    precision: Precision
    pf: float = 0.0
    engine: str = ""


@final
@dataclass(frozen=True)
class NetworkCost:
    """What a whole design costs.

    `interval_ns` passes between results: the latency, or the slowest stage of a pipeline.
    `bottleneck` is the place of the slowest layer, `over_budget` names resources that the device
    has not. `is_bandwidth_bound`: external memory, not arithmetic, sets the interval.
    """

    latency_ns: float
    interval_ns: float
    resources: Mapping[str, float]
    layers: tuple[Cost, ...]
    bottleneck: int
    is_bandwidth_bound: bool = False
    over_budget: tuple[str, ...] = ()
    energy_j: float | None = None

    @property
    def fps(self) -> float:
        """Results a second."""
        return NS_PER_S / self.interval_ns


class Device(ABC):
    """A hardware model; a plugin fills in `_cost` and declares the rest.

    `objective` says what a design is judged by: the sum of latencies, or the slowest stage.
    `shares_engines`: layers of one engine take its resources once. `is_differentiable`: costs are
    smooth in `pf` but for single points, and their slopes are right. `has_lanes`: `pf` is a choice;
    else it changes nothing. `precision_scope`: every layer may have bits of its own, or the whole
    network has the same. `budget` is what a design
    may use of each resource, empty for no limits; `bytes_per_s` the bandwidth of memory.
    """

    name: ClassVar[str]
    objective: ClassVar[Objective] = "latency"
    shares_engines: ClassVar[bool] = False
    is_differentiable: ClassVar[bool] = True
    has_lanes: ClassVar[bool] = True
    precision_scope: ClassVar[PrecisionScope] = "layer"

    budget: Mapping[str, float] = {}
    bytes_per_s: float = np.inf

    @final
    def cost(self, layer: LayerShape, precision: Precision, pf: ArrayLike = 0.0) -> Cost:
        """What `layer` costs at `precision`, for each of `pf`, an array of any shape.

        Raises `SearchError` for a `pf` that is no finite number, and for a layer or a precision
        that the device cannot have.
        """
        lanes_log2 = np.asarray(pf, dtype=np.float64)
        if not np.isfinite(lanes_log2).all():
            raise SearchError(
                "a parallel factor is not a finite number",
                where=f"device {self.name}, {layer}",
                fix="use the logarithm of the lanes to base 2",
            )
        cost = self._cost(layer, precision, lanes_log2)
        self._require_sound(cost, layer, lanes_log2)
        return cost

    @final
    def network_cost(self, choices: Sequence[Choice]) -> NetworkCost:
        """What all `choices` cost together. Raises `SearchError` for none of them."""
        if not choices:
            raise SearchError(
                "a design without layers costs nothing",
                where=f"device {self.name}",
                fix="give at least one layer",
            )
        costs = tuple(self.cost(each.layer, each.precision, each.pf) for each in choices)
        slowest_ns, bottleneck = _slowest(costs)
        is_pipeline = self.objective == "throughput"
        memory_ns = self._memory_ns(choices, costs) if is_pipeline else 0.0
        total_ns = _filling_ns(choices, costs) if is_pipeline else _sum_ns(costs)
        interval_ns = max(slowest_ns, memory_ns) if is_pipeline else total_ns
        resources = self._resources(choices, costs)
        return NetworkCost(
            latency_ns=total_ns,
            interval_ns=interval_ns,
            resources=resources,
            layers=costs,
            bottleneck=bottleneck,
            is_bandwidth_bound=is_pipeline and memory_ns > slowest_ns,
            over_budget=self.over_budget(resources),
            energy_j=_energy_j(costs),
        )

    @final
    def over_budget(self, resources: Mapping[str, float]) -> tuple[str, ...]:
        """The names of those resources of which there is less than `resources` ask for, sorted."""
        asked = resources.items()
        return tuple(sorted(k for k, used in asked if used > self.budget.get(k, np.inf)))

    @abstractmethod
    def _cost(self, layer: LayerShape, precision: Precision, pf: Floats) -> Cost:
        """The cost of `layer`, its arrays in the shape of `pf`."""

    def _require_sound(self, cost: Cost, layer: LayerShape, pf: Floats) -> None:
        arrays = (cost.latency_ns, cost.latency_slope, *cost.resources.values())
        shaped = all(np.shape(each) == pf.shape for each in arrays)
        if not shaped or not bool(np.all(np.isfinite(cost.latency_ns) & (cost.latency_ns > 0))):
            raise SearchError(
                "a latency is not above 0, or not one for each parallel factor",
                where=f"device {self.name}, {layer}",
                fix="correct _cost of the device",
            )

    def _resources(self, choices: Sequence[Choice], costs: Sequence[Cost]) -> dict[str, float]:
        """Resources of the design: of layers on one engine the largest, where they share."""
        engines: dict[str, dict[str, float]] = {}
        for place, (choice, cost) in enumerate(zip(choices, costs, strict=True)):
            shared = self.shares_engines and choice.engine
            taken = engines.setdefault(choice.engine if shared else f"#{place}", {})
            for name, used in cost.resources.items():
                taken[name] = max(taken.get(name, 0.0), float(used))
        names = sorted({name for taken in engines.values() for name in taken})
        return {name: sum(taken.get(name, 0.0) for taken in engines.values()) for name in names}

    def _memory_ns(self, choices: Sequence[Choice], costs: Sequence[Cost]) -> float:
        """Time that external memory needs for one inference, input and output included."""
        ends = (choices[0].layer.inputs, choices[0]), (choices[-1].layer.outputs, choices[-1])
        ends_bits = sum(count * each.precision.activation_bits for count, each in ends)
        carried = sum(float(cost.traffic_bytes) for cost in costs) + ends_bits / _BITS_OF_BYTE
        return carried / self.bytes_per_s * NS_PER_S


def per_cycle_ns(clock_mhz: float) -> float:
    """Duration of a clock cycle, ns."""
    return _NS_PER_CYCLE_MHZ / clock_mhz


def board_budget(board: BoardManifest) -> dict[str, float]:
    """What a design may use of a board; block RAM in blocks of 18 Kibit, two to each of 36."""
    part, share = board.resources, board.usable_share
    whole = {"dsp": part.dsp, "lut": part.lut, "ff": part.ff, "bram18": 2 * part.bram36}
    return {name: share * count for name, count in {**whole, "uram": part.uram}.items()}


def _slowest(costs: Sequence[Cost]) -> tuple[float, int]:
    latencies = [float(cost.latency_ns) for cost in costs]
    slowest_ns = max(latencies)
    return slowest_ns, latencies.index(slowest_ns)


def _sum_ns(costs: Sequence[Cost]) -> float:
    return sum(float(cost.latency_ns) for cost in costs)


def _filling_ns(choices: Sequence[Choice], costs: Sequence[Cost]) -> float:
    """Until the first result: each stage waits for k + s rows of its input, at its own rate."""
    return sum(
        float(cost.latency_ns) * min(1.0, rows / choice.layer.map_in[0])
        for choice, cost in zip(choices, costs, strict=True)
        for rows in (choice.layer.kernel[0] + choice.layer.stride,)
    )


def _energy_j(costs: Sequence[Cost]) -> float | None:
    known = [cost.energy_j for cost in costs if cost.energy_j is not None]
    return sum(known) if len(known) == len(costs) else None
