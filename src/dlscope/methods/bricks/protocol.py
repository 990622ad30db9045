"""`Protocol`: how bricks are timed; every choice can be turned off, so that its effect shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, final

from dlscope.core.digest import digest
from dlscope.core.errors import PlanError

Scope = Literal["suite", "model"]
SCOPES: tuple[Scope, ...] = ("suite", "model")
WALL, CPU = 0, 1
CLOCKS = ("wall", "cpu")
MIN_ROUNDS, QUICK_MIN_ROUNDS = 15, 3
"""What a process walks at least; a quick one fewer, until the latency of each model is known."""


@final
@dataclass(frozen=True)
class Protocol:
    """How bricks are timed.

    `scope`: one walk over all bricks of the suite, each once, or one walk for each model, in which
    bricks of earlier models are timed again. `threads` is how many one brick may use. A process
    walks at least `min_rounds` times and until the total is known to 1 % or `max_seconds` are
    spent; there are `processes` of them, one after the other. `is_shared_arena`: all sessions draw
    on one pool of memory. `is_planned`: tensors lie where a plan by lifetime puts them, instead of
    in two areas by turns. `is_in_place`: what the runtime overwrites is overwritten. Every
    `null_every`th brick is followed by a session that does nothing. `is_quick`: a brick is timed
    only until each model that has it is known to 1 %, and only in the walk, so without a bracket.
    """

    scope: Scope = "suite"
    threads: int = 1
    min_rounds: int = MIN_ROUNDS
    max_seconds: float = 30.0
    processes: int = 3
    is_shared_arena: bool = True
    is_planned: bool = True
    is_in_place: bool = True
    nulls: int = 32
    null_every: int = 5
    is_quick: bool = False

    def __post_init__(self) -> None:
        if self.scope not in SCOPES:
            raise PlanError(f"{self.scope!r} is no scope", where="scope", fix="use suite or model")
        for name in ("threads", "min_rounds", "processes", "nulls", "null_every"):
            if getattr(self, name) < 1:
                raise PlanError(
                    f"{name} is {getattr(self, name)}", where="protocol", fix="ask for at least 1"
                )
        if not self.max_seconds >= 0:  # NaN is not, either
            raise PlanError(
                f"max_seconds is {self.max_seconds}",
                where="protocol",
                fix="ask for a number of seconds",
            )

    @property
    def clock(self) -> int:
        """CPU time of the thread where there is one: it does not count what others take."""
        return CPU if self.threads == 1 else WALL

    @property
    def digest(self) -> str:
        """The identity of all that changes what a sample means: not how many there are."""
        plain = self.to_json()
        for name in ("min_rounds", "max_seconds", "processes", "threads"):
            plain.pop(name)
        if not self.is_quick:  # what was measured before there was a choice is still the same
            plain.pop("is_quick")
        return digest(plain)[:16]

    def to_json(self) -> dict[str, Any]:
        """All of it as plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Self:
        """The protocol that `to_json` wrote."""
        return cls(**plain)
