"""`WalkProtocol`: how operations and networks are timed by turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self, final

from dlscope.core.digest import digest
from dlscope.core.errors import PlanError

_COUNTS = ("threads", "processes", "min_rounds", "slot_ns")


@final
@dataclass(frozen=True)
class WalkProtocol:
    """How long and how often.

    A turn of a model is two runs that do not count and then as many as fill `slot_ns`. A round is
    one turn of each in an order drawn anew. Each of `processes` fresh processes goes at least
    `min_rounds` rounds, and until every model has had its part of `min_seconds` in all processes
    together, but no longer than `max_seconds`.
    """

    threads: int = 1
    processes: int = 3
    min_rounds: int = 30
    min_seconds: float = 0.2
    max_seconds: float = 120.0
    slot_ns: int = 300_000
    seed: int = 0

    def __post_init__(self) -> None:
        for name in _COUNTS:
            if getattr(self, name) < 1:
                raise PlanError(
                    f"{name} is {getattr(self, name)}", where="protocol", fix="ask for at least 1"
                )
        for name in ("min_seconds", "max_seconds"):
            if not getattr(self, name) >= 0:  # NaN is not, either
                raise PlanError(
                    f"{name} is {getattr(self, name)}",
                    where="protocol",
                    fix="ask for a number of seconds",
                )

    @property
    def clock(self) -> str:
        """CPU time of the thread where there is one: it does not count what others take."""
        return "cpu" if self.threads == 1 else "wall"

    @property
    def digest(self) -> str:
        """The identity of what changes the meaning of a sample: not how many there are."""
        return digest({"walk": 1, "slot_ns": self.slot_ns})[:16]

    def to_json(self) -> dict[str, Any]:
        """All of it as plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The protocol that `to_json` wrote."""
        return cls(**data)
