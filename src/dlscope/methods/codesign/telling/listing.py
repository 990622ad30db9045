"""`listing_report`: the searches that there are, the newest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from dlscope.core.report import Report, Section
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.codesign.search_record import SearchRecord
from dlscope.methods.codesign.tables import SEARCHES

_KNOWN = {column.name: column for column in SEARCHES}
LISTED = (
    *(_KNOWN[name] for name in ("search", "space", "device", "seed", "epochs")),
    replace(_KNOWN["design"], priority=2),
    *(_KNOWN[name] for name in ("interval_ns", "error", "error_lo", "error_hi")),
    Column("trained", "int", "designs that were trained by themselves", role="count", priority=2),
    replace(_KNOWN["status"], doc="done, budget_limited, infeasible; not ended, or unreadable"),
    Column("created_utc", "str", "when it ended"),
)
_TO_THE_MINUTE = 16
_OF_CHOSEN = ("interval_ns", "error", "error_lo", "error_hi")


def listing_report(
    records: Sequence[SearchRecord], others: Mapping[str, str] = MappingProxyType({})
) -> Report:
    """Searches one to a row, the newest first; then `others` by name, with what is known of them.

    Those have not ended, or cannot be read.
    """
    newest = sorted(records, key=lambda each: (each.created_utc, each.run), reverse=True)
    rows = [*map(_row, newest)]
    rows += [{"search": name, "status": status} for name, status in others.items()]
    table = Table.of("found_searches", LISTED, rows, title="Searches")
    return Report(
        title="Co-design",
        answer=_answer(len(records), len(others)),
        tables=(table,),
        sections=(Section("Searches", (table,), "one row a search; error with its 95 % interval"),),
        next_commands=tuple(_next(newest)),
        command="dlscope codesign list",
        created_utc=newest[0].created_utc if newest else "",
    )


def _answer(ended: int, others: int) -> str:
    if not ended and not others:
        return "No search yet: try dlscope codesign search."
    told = f"Networks and their implementations searched for together: {ended} ended"
    return f"{told}, {others} not." if others else f"{told}."


def _row(record: SearchRecord) -> dict[str, Cell]:
    rows = list(record.table("pareto"))
    chosen = next((row for row in rows if row["is_chosen"] is True), {})
    return {
        "search": record.run,
        "space": record.space,
        "device": record.device,
        "seed": record.seed,
        "epochs": record.epochs,
        "design": record.design,
        "trained": sum(row["is_trained"] is True for row in rows),
        "status": record.status,
        "created_utc": record.created_utc[:_TO_THE_MINUTE].replace("T", " "),
        **{name: chosen.get(name) for name in _OF_CHOSEN},
    }


def _next(newest: Sequence[SearchRecord]) -> Iterator[tuple[str, str]]:
    if not newest:
        command = "dlscope codesign search --space tiny_grey_4 --device zc706:pipelined"
        yield f"{command} --data mnist-5k --budget 10m", "make one"
        return
    yield f"dlscope codesign show {newest[0].run}", "all that the newest found"
    pair = _comparable(newest)
    if pair:
        names = " ".join(each.run for each in pair)
        yield f"dlscope codesign compare {names}", "two of one space and device, side by side"


def _comparable(newest: Sequence[SearchRecord]) -> Sequence[SearchRecord]:
    """The newest two that found a design in one space for one device; none without such."""
    found: dict[tuple[str, str], list[SearchRecord]] = {}
    for each in newest:
        if each.design is None:
            continue
        alike = found.setdefault((each.space, each.device), [])
        alike.append(each)
        if len(alike) > 1:
            return alike
    return ()
