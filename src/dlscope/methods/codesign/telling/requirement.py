"""`Requirement`: one limit of an application held against a design, and its verdict.

latency     of the last of S streams whose inputs come at once: latency + (S − 1) · interval
fps         of each stream: 10⁹ / (S · interval)
power       at the rate that is asked for: energy · S · fps
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias, final

from dlscope.core.manifest.requirements import Limit, RequirementsManifest
from dlscope.core.units import format_number, format_percent
from dlscope.methods.codesign.telling.reached import NS_PER_MS, Reached

_NS_PER_S, _BYTES_PER_MIB = 1e9, 2.0**20
Reading: TypeAlias = tuple[float, float, float]
"""A value and both ends of its interval, equal where it has none."""
_Read: TypeAlias = Callable[[Reached, RequirementsManifest], Reading | None]


@final
@dataclass(frozen=True)
class Requirement:
    """A limit with its bound, in the unit that its `words` tell.

    `is_most`: the bound is the most that is allowed, else the least.
    """

    name: str
    words: str
    bound: float
    is_most: bool
    kind: str
    asked: RequirementsManifest

    @property
    def limit(self) -> str:
        """The bound in words: `≤ 100`."""
        return f"{'≤' if self.is_most else '≥'} {format_number(self.bound)}"

    def read(self, reached: Reached) -> Reading | None:
        """What `reached` has of it; None where that is not known."""
        return _READ[self.name](reached, self.asked)

    def margin(self, value: float) -> float:
        """The slack as a share of the bound, below 0 where it is missed."""
        return (self.bound - value if self.is_most else value - self.bound) / self.bound

    def is_met(self, reached: Reached) -> bool:
        """Whether it is known to be met."""
        found = self.read(reached)
        return found is not None and self.margin(found[0]) >= 0

    def verdict(self, reached: Reached) -> str:
        """Met, missed by how much, or not measured.

        Within noise where the interval is on both sides of the bound.
        """
        found = self.read(reached)
        if found is None:
            return "not measured"
        value, lo, hi = found
        noise = ", within noise" if lo < self.bound < hi else ""
        margin = self.margin(value)
        if margin >= 0:
            return f"met{noise}"
        return f"missed by {format_percent(-margin, 1)}{noise}"


def requirements_of(asked: RequirementsManifest) -> Iterator[Requirement]:
    """Every limit of a manifest, in the order of its fields, then its input."""
    for name, limit in asked.limits():
        yield _requirement(name, limit, asked)
    if asked.input is not None:
        pixels = float(asked.input[1] * asked.input[2])
        yield Requirement("input", "pixels of an input", pixels, False, "hard", asked)


def _requirement(name: str, limit: Limit, asked: RequirementsManifest) -> Requirement:
    words, scale, is_most = _LIMITS[name]
    if asked.streams > 1 and name in _OF_STREAMS:
        words = _OF_STREAMS[name].format(asked.streams)
    return Requirement(name, words, limit.bound * scale, is_most, limit.kind, asked)


_LIMITS: Mapping[str, tuple[str, float, bool]] = {
    "latency_ms": ("latency, ms", 1.0, True),
    "fps": ("results a second", 1.0, False),
    "accuracy": ("accuracy, %", 100.0, False),
    "energy_j": ("energy of a result, J", 1.0, True),
    "power_w": ("power, W", 1.0, True),
    "memory_mib": ("weights, MiB", 1.0, True),
}
_OF_STREAMS: Mapping[str, str] = {
    "latency_ms": "latency of the last of {} streams, ms",
    "fps": "results a second of each of {} streams",
}


def _exact(value: float | None) -> Reading | None:
    return None if value is None else (value, value, value)


def _latency(reached: Reached, asked: RequirementsManifest) -> Reading | None:
    if reached.latency_ns is None:
        return None
    waiting_ns = (asked.streams - 1) * reached.interval_ns
    return _exact((reached.latency_ns + waiting_ns) / NS_PER_MS)


def _fps(reached: Reached, asked: RequirementsManifest) -> Reading | None:
    return _exact(_NS_PER_S / (asked.streams * reached.interval_ns))


def _accuracy(reached: Reached, asked: RequirementsManifest) -> Reading | None:
    del asked
    if reached.error is None:
        return None
    ends = (reached.error_hi, reached.error_lo)
    lo, hi = (reached.error if end is None else end for end in ends)
    return (1 - reached.error) * 100, (1 - lo) * 100, (1 - hi) * 100


def _energy(reached: Reached, asked: RequirementsManifest) -> Reading | None:
    del asked
    return _exact(reached.energy_j)


def _power(reached: Reached, asked: RequirementsManifest) -> Reading | None:
    if reached.energy_j is None or asked.fps is None:
        return None
    return _exact(reached.energy_j * asked.streams * asked.fps.bound)


def _memory(reached: Reached, asked: RequirementsManifest) -> Reading | None:
    del asked
    return _exact(None if reached.weight_bytes is None else reached.weight_bytes / _BYTES_PER_MIB)


def _input(reached: Reached, asked: RequirementsManifest) -> Reading | None:
    del asked
    return _exact(None if reached.input is None else float(reached.input[1] * reached.input[2]))


_READ: Mapping[str, _Read] = {
    "latency_ms": _latency,
    "fps": _fps,
    "accuracy": _accuracy,
    "energy_j": _energy,
    "power_w": _power,
    "memory_mib": _memory,
    "input": _input,
}
