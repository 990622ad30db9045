"""Work and traffic of a part of a model, and where they lie under a machine's ceilings.

Formulas of XSP, section on the analyses: intensity = F / (R + W), throughput = F / time,
attainable = min(peak, intensity · bandwidth), memory bound when the intensity is below the ridge.
What is not known is None, and so is everything derived from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MEASURED, ANALYTIC = "measured", "analytic"
_COUNTERS = {
    "flops": "flops",
    "read_bytes": "dram_read_bytes",
    "write_bytes": "dram_write_bytes",
    "occupancy": "achieved_occupancy",
}


@dataclass(frozen=True)
class Ceilings:
    """What the machine can do at best: FLOP/s and bytes/s, with how that was found."""

    flops_per_s: float
    bytes_per_s: float
    source: str = ""

    @property
    def ridge(self) -> float:
        """The intensity, in FLOP/byte, from which on computing is the limit."""
        return self.flops_per_s / self.bytes_per_s


@dataclass(frozen=True)
class Cost:
    """FLOPs, bytes of main memory read and written, and occupancy (0…1), where known."""

    flops: float | None = None
    read_bytes: float | None = None
    write_bytes: float | None = None
    occupancy: float | None = None
    source: str = ""

    @classmethod
    def of_counters(cls, attributes: Mapping[str, Any]) -> Cost:
        """The cost that counters told of a span."""
        fields = {name: _number(attributes.get(counter)) for name, counter in _COUNTERS.items()}
        if all(value is None for value in fields.values()):
            return cls()
        return cls(**fields, source=str(attributes.get("counter_source", MEASURED)))

    @property
    def bytes(self) -> float | None:
        """Bytes read and written."""
        if self.read_bytes is None or self.write_bytes is None:
            return None
        return self.read_bytes + self.write_bytes

    @property
    def intensity(self) -> float | None:
        """FLOP per byte; None where nothing is moved."""
        return None if self.flops is None or not self.bytes else self.flops / self.bytes

    def gflops(self, duration_ns: float | None) -> float | None:
        """Throughput in GFLOP/s over `duration_ns`."""
        return None if self.flops is None or not duration_ns else self.flops / duration_ns

    def gbytes(self, duration_ns: float | None) -> float | None:
        """Traffic in GB/s over `duration_ns`."""
        return None if self.bytes is None or not duration_ns else self.bytes / duration_ns

    def is_memory_bound(self, ceilings: Ceilings | None) -> bool | None:
        """Whether memory limits it, were it perfect."""
        if ceilings is None or self.intensity is None:
            return None
        return self.intensity < ceilings.ridge

    def attainable_gflops(self, ceilings: Ceilings | None) -> float | None:
        """The throughput of a perfect implementation."""
        if ceilings is None or self.intensity is None:
            return None
        return min(ceilings.flops_per_s, self.intensity * ceilings.bytes_per_s) / 1e9

    def efficiency(self, duration_ns: float | None, ceilings: Ceilings | None) -> float | None:
        """Throughput as a share of what is attainable."""
        reached, attainable = self.gflops(duration_ns), self.attainable_gflops(ceilings)
        return None if reached is None or not attainable else reached / attainable


def total(parts: Iterable[tuple[Cost, float | None]]) -> Cost:
    """The sum over (cost, duration): occupancy is weighted by time; unknown if any part is."""
    known = list(parts)
    sources = {cost.source for cost, _ in known if cost.source}
    weights = [
        (cost.occupancy, duration)
        for cost, duration in known
        if cost.occupancy is not None and duration
    ]
    weight = sum(duration for _, duration in weights)
    return Cost(
        _sum([cost.flops for cost, _ in known]),
        _sum([cost.read_bytes for cost, _ in known]),
        _sum([cost.write_bytes for cost, _ in known]),
        sum(share * duration for share, duration in weights) / weight if weight else None,
        "+".join(sorted(sources)),
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _sum(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None
