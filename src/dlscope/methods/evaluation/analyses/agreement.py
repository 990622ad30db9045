"""`Agreement`: whether frameworks compute the same model, on the same items."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import ClassVar, final

from dlscope.core.analysis import Analysis
from dlscope.core.report import Finding
from dlscope.core.run import ItemResult, Run
from dlscope.core.table import Cell, Column, Table
from dlscope.core.units import format_percent
from dlscope.methods.evaluation.analyses.answers import is_right, paired
from dlscope.methods.evaluation.analyses.point import failure
from dlscope.metrics.agreement import agreement

_COLUMNS = (
    Column("model", "str", "model manifest"),
    Column("dataset", "str", "data set manifest", priority=3),
    Column("baseline", "str", "framework the other is held against"),
    Column("backend", "str", "framework that is compared"),
    Column("n", "int", "items that at least one of them answered", role="count", priority=2),
    Column("baseline_top_1", "float", "of them right on the baseline", "share", priority=3),
    Column("top_1", "float", "of them right on the other", "share", priority=3),
    Column("top_1_agreement", "float", "share of items with the same best class", "share"),
    Column("mean_total_variation", "float", "mean distance of the distributions", priority=2),
    Column("max_abs_difference", "float", "largest difference of a raw output", role="value"),
    Column("max_abs_reference", "float", "largest raw output of the baseline", priority=2),
    Column("relative_difference", "float", "the first divided by the second", role="value"),
    Column("tolerance", "float", "largest relative difference allowed", priority=2),
    Column("agrees", "bool", "same best classes, within tolerance", role="verdict"),
    Column("differing", "str", "items with another best class", priority=3),
    Column("reason", "str", "why the two cannot be compared", priority=3),
)
_LISTED = 10
_SAME_TOP_1 = 0.999
_SAME_TOP_1_WITHIN = 0.001


@final
class Agreement(Analysis):
    """One row per framework but the baseline, for each model and data set.

    The baseline is `baseline` where given, else `reference` where measured, else the first by
    name that answered. Two agree when at least 99.9 % of the best classes are the same, hence
    their top-1 within 0.1 point, and no raw output differs by more than the tolerance.
    """

    name: ClassVar[str] = "agreement"
    doc: ClassVar[str] = "Whether frameworks compute the same model."

    def __init__(self, baseline: str | None = None) -> None:
        self._baseline = baseline

    def _table(self, runs: Sequence[Run]) -> Table:
        groups: dict[tuple[str, ...], list[Run]] = {}
        for run in runs:
            if run.items or run.error:
                groups.setdefault(_subject(run), []).append(run)
        records = [record for key in sorted(groups) for record in self._compared(groups[key])]
        return Table.of(
            "agreement",
            _COLUMNS,
            records,
            note="The same items through each framework; differences are relative to max|ref|.",
        )

    def _compared(self, runs: Sequence[Run]) -> Iterator[Mapping[str, Cell]]:
        first: dict[str, Run] = {}
        for run in sorted(runs, key=lambda each: not each.items):
            first.setdefault(run.plan.framework.label, run)
        answered = sorted(name for name, run in first.items() if run.items)
        preferred = (*self._named(first), "reference", *answered, *sorted(first))
        baseline = first[next(name for name in preferred if name in first)]
        for name, run in sorted(first.items()):
            if run is not baseline:
                yield _record(baseline, run, name)

    def _named(self, frameworks: Collection[str]) -> list[str]:
        """The baseline among `frameworks`: as it was named, or else a version of it."""
        name = (self._baseline or "").partition("==")[0]
        versions = [each for each in frameworks if each.partition("==")[0] == name]
        return sorted(versions, key=lambda each: each != self._baseline)

    def _findings(self, table: Table) -> tuple[Finding, ...]:
        return (*_divergence(table), *_all_agree(table))


def _subject(run: Run) -> tuple[str, ...]:
    model, dataset = run.plan.model, run.plan.dataset
    return model.identity, model.digest, dataset.identity


def _record(baseline: Run, run: Run, name: str) -> Mapping[str, Cell]:
    record: dict[str, Cell] = {
        "model": run.plan.model.name,
        "dataset": run.plan.dataset.name,
        "baseline": baseline.plan.framework.label,
        "backend": name,
        "n": 0,
        "tolerance": run.plan.framework.tolerance,
    }
    reference, other = _answered(baseline, run)
    if not reference:
        failed = next(filter(None, map(failure, (run, baseline))), None)
        return {**record, "reason": failed or "no item has an answer on either"}
    return {**record, **_comparison(reference, other, run.plan.framework.tolerance)}


def _answered(baseline: Run, run: Run) -> tuple[list[ItemResult], list[ItemResult]]:
    """The items of both Runs that at least one of them answered."""
    others = {item.item: item for item in run.items}
    pairs = [
        (item, others[item.item])
        for item in baseline.items
        if item.item in others and (item.error is None or others[item.item].error is None)
    ]
    return [first for first, _ in pairs], [second for _, second in pairs]


def _comparison(
    reference: Sequence[ItemResult], other: Sequence[ItemResult], tolerance: float
) -> Mapping[str, Cell]:
    found = agreement(reference, other)
    relative = None
    if found.max_abs_difference is not None and found.max_abs_reference:
        relative = found.max_abs_difference / found.max_abs_reference
    top_1 = found.top_1.value if found.top_1 else None
    one_sided = any(item.error is not None for item in (*reference, *other))
    return {
        "n": found.items,
        **_top_1(reference, other),
        "top_1_agreement": top_1,
        "mean_total_variation": found.total_variation.value if found.total_variation else None,
        "max_abs_difference": found.max_abs_difference,
        "max_abs_reference": found.max_abs_reference,
        "relative_difference": relative,
        "agrees": (top_1 is None or top_1 >= _SAME_TOP_1)
        and not one_sided
        and (relative or 0.0) <= tolerance,
        "differing": ", ".join(found.differing[:_LISTED]) or None,
    }


def _top_1(reference: Sequence[ItemResult], other: Sequence[ItemResult]) -> Mapping[str, Cell]:
    """How many are right on either side, where the items are labelled."""
    pairs = list(paired(reference, other))
    if not pairs:
        return {}
    before, after = (sum(map(is_right, side)) / len(pairs) for side in zip(*pairs, strict=True))
    return {"baseline_top_1": before, "top_1": after}


def _divergence(table: Table) -> Iterator[Finding]:
    for index, row in enumerate(table):
        if row["agrees"]:
            continue
        if row["agrees"] is None:
            yield Finding(
                "note",
                f"{row['backend']} and {row['baseline']} cannot be compared on {row['model']}",
                table.name,
                (index,),
                str(row["reason"]),
            )
            continue
        yield Finding(
            "warn",
            f"{row['backend']} does not compute the same {row['model']} as {row['baseline']}",
            table.name,
            (index,),
            "; ".join(_differences(row)),
            advice="compare their precision options and the versions of their operators",
        )


def _differences(row: Mapping[str, Cell]) -> Iterator[str]:
    before, after = (float(row[name] or 0) for name in ("baseline_top_1", "top_1"))
    if abs(after - before) > _SAME_TOP_1_WITHIN:
        yield f"top-1 {format_percent(before, 1)} → {format_percent(after, 1)}"
    relative, tolerance = (float(row[n] or 0) for n in ("relative_difference", "tolerance"))
    times = f", {relative / tolerance:.0f}× the tolerance" if relative > tolerance > 0 else ""
    yield f"largest difference {relative:.1e} of max|ref|{times}"
    if row["differing"]:
        yield f"first differing items: {row['differing']}"


def _all_agree(table: Table) -> Iterator[Finding]:
    if len(table) and all(table.column("agrees")):
        relatives = [value for value in table.column("relative_difference") if value is not None]
        worst = max((float(value) for value in relatives), default=0.0)
        n = table.column("n")[0]
        yield Finding(
            "good",
            "All give the same answers",
            table.name,
            tuple(range(len(table))),
            f"on {n} item{'' if n == 1 else 's'}, max |Δ| {_rough(worst)} of max |ref|",
        )


def _rough(difference: float) -> str:
    """A relative difference to one digit; 0 where there is none."""
    return f"{difference:.0e}" if difference else "0"
