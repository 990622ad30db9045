"""How a swarm moved: the best, the middle and the worst of its particles, by iteration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median

from dlscope.core.report import Figure
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.codesign.bottom_up.swarm import Swarm
from dlscope.reporting.spec import Spec, spec_of
from dlscope.reporting.theme import color

SWARM_COLUMNS = (
    Column("iteration", "int", "of the swarm, from 0", role="id"),
    Column("bundle", "str", "id of the bundle", role="id"),
    Column("particles", "int", "networks of the group in this iteration", role="count"),
    Column("best_so_far", "float", "fitness of the best that the group has seen", role="value"),
    Column("best", "float", "fitness of its best particle in this iteration", role="value"),
    Column("middle", "float", "median of their fitness", role="value"),
    Column("worst", "float", "fitness of its worst particle", role="value"),
    Column("epochs", "int", "how long each was trained in this iteration", role="count"),
)
_HEIGHT = 180


def swarm_rows(swarm: Swarm) -> Iterator[Mapping[str, Cell]]:
    """Each group in each iteration, as a table `swarm` has it."""
    for iteration, best in swarm.bests:
        of_now = [
            each
            for each in swarm.visits
            if each.group == best.group and each.iteration == iteration
        ]
        fitness = [each.fitness for each in of_now]
        yield {
            "iteration": iteration,
            "bundle": best.group,
            "particles": len(of_now),
            "best_so_far": best.fitness,
            "best": max(fitness),
            "middle": median(fitness),
            "worst": min(fitness),
            "epochs": of_now[0].candidate.trial.epochs,
        }


def swarm_figure(table: Table) -> Figure:
    """A panel for each bundle of a table `swarm`: the spread as a band, the best so far a line."""
    drawn = ("iteration", "best_so_far", "best", "middle", "worst")
    records = [{"panel": row["bundle"], **{name: row[name] for name in drawn}} for row in table]
    x: Spec = {"field": "iteration", "type": "quantitative", "title": "iteration"}
    x["axis"] = {"values": sorted(set(table.column("iteration"))), "format": "d"}
    y: Spec = {"type": "quantitative", "title": None, "scale": {"zero": False}}
    band = {"type": "area", "opacity": 0.25, "color": color("s1")}
    middle = {"type": "line", "strokeDash": [3, 3], "color": color("ink-3"), "strokeWidth": 1.2}
    best = {"type": "line", "color": color("s1"), "strokeWidth": 2, "point": {"size": 40}}
    layers: list[Spec] = [
        {"mark": band, "encoding": {"x": x, "y": {**y, "field": "worst"}, "y2": {"field": "best"}}},
        {"mark": middle, "encoding": {"x": x, "y": {**y, "field": "middle"}}},
        {"mark": best, "encoding": {"x": x, "y": {**y, "field": "best_so_far"}}},
    ]
    panels = list(dict.fromkeys(record["panel"] for record in records))
    body = {
        "facet": {"field": "panel", "type": "nominal", "sort": panels},
        "spec": {"layer": layers, "height": _HEIGHT},
    }
    return Figure(
        "swarm",
        "Fitness of each group by iteration",
        spec_of(records, body, left_out=0, panels=len(panels)),
        table.name,
        "Line: the best that the group has seen; band: from the worst to the best particle of the "
        "iteration; dashes: their median. A panel for each bundle, all on one scale",
    )
