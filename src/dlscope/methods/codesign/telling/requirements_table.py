"""`requirements_table`: every limit with its verdict, and the cheapest change that meets it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dlscope.core.manifest.requirements import RequirementsManifest
from dlscope.core.table import Table
from dlscope.methods.codesign.tables import Record, search_table
from dlscope.methods.codesign.telling.reached import Alternative, Reached
from dlscope.methods.codesign.telling.requirement import Requirement, requirements_of


def requirements_table(
    asked: RequirementsManifest, reached: Reached, alternatives: Iterable[Alternative] = ()
) -> Table:
    """A row for each limit of `asked` with what `reached` has of it.

    Where one is missed, the `alternatives` that meet it without giving up a hard limit that is met
    are compared: the cheapest loses least accuracy, or where accuracy is missed, least time.
    """
    others = list(alternatives)
    limits = list(requirements_of(asked))
    rows = [_row(each, limits, reached, others) for each in limits]
    return search_table("requirements", rows)


def cheapest_change(
    missed: Requirement,
    limits: Sequence[Requirement],
    reached: Reached,
    alternatives: Sequence[Alternative],
) -> str:
    """What to change so that `missed` is met, in words; or how near any alternative comes."""
    kept = [each for each in limits if each.kind == "hard" and each.is_met(reached)]
    fitting = [
        each
        for each in alternatives
        if missed.is_met(each.reached) and all(limit.is_met(each.reached) for limit in kept)
    ]
    if fitting:
        best = min(fitting, key=lambda each: (_price(missed, each.reached), each.change))
        return f"{best.change}: {best.reached.said}"
    known = [(each, found) for each in alternatives if (found := missed.read(each.reached))]
    if not known:
        return "no other design is known"
    nearest, (value, _, _) = max(known, key=lambda each: missed.margin(each[1][0]))
    if missed.margin(value) >= 0:
        return f"{nearest.change} meets it but gives up another limit: {nearest.reached.said}"
    return f"none of {len(alternatives)} designs meets it; nearest: {nearest.reached.said}"


def _price(missed: Requirement, reached: Reached) -> tuple[int, float]:
    """What is given up: time where accuracy is missed, else accuracy, or what stands for it.

    What is known of an alternative counts before what is only estimated.
    """
    if missed.name == "accuracy":
        return 0, reached.interval_ns
    if reached.error is not None:
        return 0, reached.error
    if reached.loss is not None:
        return 1, reached.loss
    return 2, -(reached.kept_work or 0.0)


def _row(
    requirement: Requirement,
    limits: Sequence[Requirement],
    reached: Reached,
    alternatives: Sequence[Alternative],
) -> Record:
    found = requirement.read(reached)
    verdict = requirement.verdict(reached)
    row: dict[str, str | float | None] = {
        "requirement": requirement.words,
        "kind": requirement.kind,
        "limit": requirement.limit,
        "bound": requirement.bound,
        "verdict": verdict,
    }
    if found is not None:
        value, lo, hi = found
        row |= {"value": value, "margin": requirement.margin(value)}
        row |= {"lo": lo, "hi": hi} if lo < hi else {}
    if verdict.startswith("missed"):
        row["change"] = cheapest_change(requirement, limits, reached, alternatives)
    return row
