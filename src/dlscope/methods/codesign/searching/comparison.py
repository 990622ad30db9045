"""`comparison_report`: several searches side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlscope.core.report import Figure, Report, Section
from dlscope.core.table import Cell, Table
from dlscope.core.units import format_number
from dlscope.methods.codesign.measures.hypervolume import hypervolume
from dlscope.methods.codesign.search_record import SearchRecord
from dlscope.methods.codesign.tables import PARETO, SEARCHES
from dlscope.reporting.pareto_front import pareto_front

_MARGIN = 1.1

_DRAWN = ("design", "interval_ns", "error", "error_lo", "error_hi", "is_trained", "is_chosen")
TRAINED = (SEARCHES[0], *(each for each in PARETO if each.name in _DRAWN))


def comparison_report(records: Sequence[SearchRecord]) -> Report:
    """Searches side by side; areas are of one box, so that they can be compared."""
    table = Table.of("searches", SEARCHES, _rows(records))
    found = [row for row in table if row["hypervolume"] is not None]
    best = max(found, key=lambda row: float(row["hypervolume"] or 0.0), default=None)
    answer = (
        f"{len(records)} searches, none found a design"
        if best is None
        else f"{len(records)} searches; {best['search']} dominates the most: "
        f"{format_number(float(best['hypervolume'] or 0.0))} of the box"
    )
    fronts = _fronts(records)
    drawn = () if best is None else (_figure(fronts, str(best["search"])),)
    return Report(
        title="Searches compared",
        answer=answer,
        tables=(table, fronts),
        sections=(
            *(Section("Trained designs", (figure,)) for figure in drawn),
            Section("Searches", (table,)),
        ),
        warnings=_warnings(records),
        command=f"dlscope codesign compare {' '.join(each.run for each in records)}",
        created_utc=max((each.created_utc for each in records), default=""),
    )


def _fronts(records: Sequence[SearchRecord]) -> Table:
    """The designs that were trained, the name of their search in place of a method."""
    rows = [
        {**{name: row[name] for name in _DRAWN}, "search": record.run}
        for record in records
        for row in record.table("pareto")
        if row["is_trained"]
    ]
    return Table.of("trained_designs", TRAINED, rows)


def _figure(fronts: Table, best: str) -> Figure:
    """Error against time; the search that dominates the most has its front drawn."""
    return pareto_front(
        fronts,
        "interval_ns",
        "error",
        method="search",
        subject=best,
        trained="is_trained",
        chosen="is_chosen",
        title="Trained designs",
        x_title="time per result, predicted",
    )


def _rows(records: Sequence[SearchRecord]) -> Iterator[dict[str, Cell]]:
    points = [_points(each) for each in records]
    every = [point for several in points for point in several]
    reference = tuple(max((p[i] for p in every), default=1.0) * _MARGIN for i in (0, 1))
    box = reference[0] * reference[1]
    for record, own in zip(records, points, strict=True):
        chosen = next((row for row in record.table("pareto") if row["is_chosen"]), {})
        area = hypervolume(own, (reference[0], reference[1]))
        yield {
            "search": record.run,
            "space": record.space,
            "device": record.device,
            "seed": record.seed,
            "status": record.status,
            "design": record.design,
            **{name: chosen.get(name) for name in _OF_CHOSEN},
            "hypervolume": area / box if own else None,
            "epochs": record.epochs,
        }


_OF_CHOSEN = ("interval_ns", "error", "error_lo", "error_hi")


def _points(record: SearchRecord) -> list[tuple[float, float]]:
    rows = [row for row in record.table("pareto") if row["is_trained"]]
    return [(float(row["error"] or 0.0), float(row["interval_ns"] or 0.0)) for row in rows]


def _warnings(records: Sequence[SearchRecord]) -> tuple[str, ...]:
    """What stands in the way of comparing them."""
    spaces, devices = ({getattr(each, name) for each in records} for name in ("space", "device"))
    several = [("spaces", spaces), ("devices", devices)]
    return tuple(
        f"the searches are of different {what}: {', '.join(sorted(found))}"
        for what, found in several
        if len(found) > 1
    )
