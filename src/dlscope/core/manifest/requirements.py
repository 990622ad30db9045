"""`RequirementsManifest`: what a design has to reach in its application, and what it should."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, PositiveFloat, PositiveInt, model_validator

from dlscope.core.manifest.base import Document, Manifest, refuse

Strictness: TypeAlias = Literal["hard", "soft"]


class Limit(Document):
    """A bound, and whether a design that misses it is of any use; one number is a hard bound."""

    bound: PositiveFloat
    kind: Strictness = "hard"


def _hard(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {"bound": value} if is_number else value


Bound = Annotated[Limit | None, BeforeValidator(_hard)]
LIMITS = ("latency_ms", "fps", "accuracy", "energy_j", "power_w", "memory_mib")


class RequirementsManifest(Manifest):
    """Limits of an application.

    `latency_ms` at most from input to result, of the last of all `streams`, whose inputs come at
    once; `fps` at least of each stream; `accuracy` at least, a share; `energy_j` at most of a
    result; `power_w` at most at the rate that is asked for; `memory_mib` at most of all weights.
    `input` is channels, height and width of what has to be looked at.
    """

    kind: Literal["requirements"] = "requirements"
    latency_ms: Bound = None
    fps: Bound = None
    accuracy: Bound = None
    energy_j: Bound = None
    power_w: Bound = None
    memory_mib: Bound = None
    streams: int = Field(default=1, ge=1)
    input: tuple[PositiveInt, PositiveInt, PositiveInt] | None = None

    @model_validator(mode="after")
    def _asks_for_something(self) -> RequirementsManifest:
        if not any(True for _ in self.limits()):
            listed = ", ".join(LIMITS)
            raise refuse("nothing is required", f"give at least one of {listed}")
        if self.accuracy is not None and self.accuracy.bound >= 1:
            raise refuse(
                f"an accuracy of {self.accuracy.bound:g} is no share", "use a number below 1"
            )
        if self.power_w is not None and self.fps is None:
            raise refuse("power depends on a rate, and none is asked for", "add fps: …")
        return self

    def limits(self) -> Iterator[tuple[str, Limit]]:
        """The limits that are given, by name."""
        for name in LIMITS:
            limit = getattr(self, name)
            if limit is not None:
                yield name, limit
