"""Designs told apart after a search, for other aims: as a report and as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dlscope.core.report import Report, Section
from dlscope.core.units import format_number
from dlscope.methods.codesign.exploring.judge import Judged
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.searching.design_file import identity_of
from dlscope.methods.codesign.searching.front import front
from dlscope.methods.codesign.searching.recording import costs_in, pareto_table
from dlscope.methods.codesign.searching.request import SearchRequest
from dlscope.methods.codesign.searching.run_folder import design_file
from dlscope.methods.codesign.tables import search_table

_NS_PER_MS = 1e6
_SHOWN = ("design", "interval_ns", "loss", "weight_bytes", "is_on_front", "is_chosen")


def derived_report(
    request: SearchRequest, judged: Sequence[Judged], run: str, written: Path | None = None
) -> Report:
    """The designs, the best first; those of the front are marked, and in the folder `written`."""
    costs = costs_in(Implementer(request.space, request.device))
    on_front = {identity_of(each.design) for each in front_of(judged)}
    rows = [
        {**row, "is_on_front": row["design"] in on_front, "is_chosen": place == 0}
        for place, row in enumerate(pareto_table(judged, (), None, costs_of=costs))
    ]
    table = search_table("pareto", rows)
    best = judged[0]
    return Report(
        title=f"Designs derived from search {run}",
        answer=f"{identity_of(best.design)}: {best.design.told(request.space)}; "
        f"{format_number(best.time_ns / _NS_PER_MS)} ms per result, loss "
        f"{format_number(best.loss)} by the supernet, not trained",
        tables=(table,),
        sections=(Section("Designs", (table.view(*_SHOWN),)),),
        warnings=request.warnings,
        next_commands=(_next(request, best, run, written),),
        command=f"dlscope codesign derive {run}",
    )


def _next(request: SearchRequest, best: Judged, run: str, written: Path | None) -> tuple[str, str]:
    if written is None:
        command = f"dlscope codesign derive {run} --designs derived"
        return command, "write those of the front as files; give the same options"
    file = written / f"{identity_of(best.design)}.json"
    command = f"dlscope codesign train {file} --data {request.data.name} --into trained"
    return command, "train the best"


def write_front(request: SearchRequest, judged: Sequence[Judged], folder: Path) -> list[Path]:
    """The files of the designs of the front, none of them trained, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    implementer = Implementer(request.space, request.device)
    written = []
    for each in front_of(judged):
        file = design_file(request, implementer.implement(each.design), None)
        written.append(folder / f"{file.identity}.json")
        file.save(written[-1])
    return written


def front_of(judged: Sequence[Judged]) -> list[Judged]:
    """Those that none is better than in both loss and time."""
    return [judged[place] for place in front([(each.loss, each.cost) for each in judged])]
