"""From the points of an evaluation to plans of leveled experiments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dlscope.backends.base import Backend
from dlscope.core import registry
from dlscope.core.errors import DlscopeError, PlanError
from dlscope.core.plan import Plan
from dlscope.core.trace import Level
from dlscope.tracing.tracer import Capability

_DEFAULT = (Level.MODEL, Level.COMPILER, Level.LAYER, Level.LIBRARY, Level.KERNEL)


@dataclass(frozen=True)
class Missing:
    """A level that cannot be seen of a framework here, why, and what would mend it."""

    backend: str
    level: Level
    reason: str
    fix: str


@dataclass(frozen=True)
class Leveled:
    """Plans, the points that are refused, and the levels that are left out."""

    plans: tuple[Plan, ...]
    refused: tuple[tuple[Plan, DlscopeError], ...]
    missing: tuple[Missing, ...]


def leveled(
    points: Sequence[Plan],
    levels: Sequence[Level] | None,
    *,
    iterations: int,
    best_effort: bool = False,
) -> Leveled:
    """A leveled experiment for each of `points`, which are plans of an evaluation.

    Without `levels`, all that each framework shows here; COMPILER is then missed of none. A level
    that was asked for and cannot be seen is a refusal, unless the `best_effort` will do. Raises
    `PlanError` for no iteration.
    """
    if iterations < 1:
        raise PlanError(
            f"{iterations} iterations measure nothing", where="iterations", fix="ask for at least 1"
        )
    plans: list[Plan] = []
    refused: list[tuple[Plan, DlscopeError]] = []
    missing: dict[tuple[str, Level], Missing] = {}
    for point in points:
        seen, unseen = _seen(point.framework.backend, levels)
        missing.update({(each.backend, each.level): each for each in unseen})
        problem = _problem(point, unseen if levels and not best_effort else ())
        if problem is not None:
            refused.append((point, problem))
            continue
        options = {"levels": [level.name for level in seen], "iterations": iterations}
        plans.append(
            point.model_copy(
                update={
                    "workload": "profiling",
                    "options": options,
                    "trace_level": int(seen[-1]),
                    "items": 1,
                    "keep_outputs": 0,
                }
            )
        )
    return Leveled(tuple(plans), tuple(refused), tuple(missing.values()))


def capabilities(backend: str) -> tuple[Capability, ...]:
    """What can be seen of `backend` here."""
    kind: type[Backend] = registry.load("backends", backend)
    return kind.capabilities()


def _seen(
    backend: str, levels: Sequence[Level] | None
) -> tuple[tuple[Level, ...], tuple[Missing, ...]]:
    told = capabilities(backend)
    available = {each.level for each in told if each.is_available}
    wanted = levels or [
        level for level in _DEFAULT if level != Level.COMPILER or level in available
    ]
    seen = [level for level in wanted if level == Level.MODEL or level in available]
    unseen = [level for level in wanted if level not in seen]
    return tuple(seen), tuple(_missing(backend, unseen, told))


def _missing(
    backend: str, levels: Sequence[Level], told: Sequence[Capability]
) -> Iterator[Missing]:
    for level in levels:
        known = [each for each in told if each.level == level]
        reason = "; ".join(each.reason for each in known if each.reason)
        fix = "; ".join(each.fix for each in known if each.fix)
        yield Missing(backend, level, reason or f"{backend} does not show it", fix)


def _problem(point: Plan, unseen: Sequence[Missing]) -> DlscopeError | None:
    where = f"{point.model.name} on {point.framework.name}"
    if point.model.hooks is not None:
        return PlanError(
            "a model with hooks cannot be profiled yet",
            where=where,
            fix="profile it without its hooks",
        )
    if unseen:
        first = unseen[0]
        others = "leave the level out, or profile with --best-effort"
        return PlanError(
            f"level {first.level.name} cannot be seen here: {first.reason}",
            where=where,
            fix=f"{first.fix}, or {others}" if first.fix else others,
        )
    return None
