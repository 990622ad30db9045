"""The report of designs on several devices: does the winner change, and what does that cost?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlscope.core.report import Finding, Prose, Report, Section
from dlscope.core.table import Table
from dlscope.core.units import format_number
from dlscope.methods.codesign.targets.targets_table import Placed, targets_table
from dlscope.reporting.words import plural

_METHOD = (
    "Every design is given its best implementation on every device. The winner of a device has the "
    "smallest error times time per result. A design that does not run on a device has a reason "
    "in place of a time."
)


def targets_report(placed: Sequence[Sequence[Placed]], *, command: str = "") -> Report:
    """What `placed_on` found."""
    table = targets_table(placed)
    winners = [each[0] for each in placed if each[0].interval_ns is not None]
    return Report(
        title=f"Designs on {plural(len(placed), 'device')}",
        answer=_answer(winners, len(placed)),
        tables=(table,),
        findings=tuple(_findings(placed, winners, table)),
        sections=(
            Section("Designs by device", (table,)),
            Section("How they are compared", (Prose(_METHOD),)),
        ),
        command=command,
    )


def _answer(winners: Sequence[Placed], devices: int) -> str:
    names = {each.candidate.identity for each in winners}
    if not winners:
        return "No design runs on any of the devices."
    if len(winners) < devices:
        return f"Designs run on {len(winners)} of {plural(devices, 'device')} only."
    if len(names) == 1:
        return f"Design {winners[0].candidate.identity} wins on all {devices} devices."
    told = ", ".join(f"{each.candidate.identity} on {each.device}" for each in winners)
    return f"The winner changes with the device: {told}."


def _findings(
    placed: Sequence[Sequence[Placed]], winners: Sequence[Placed], table: Table
) -> Iterator[Finding]:
    times = {
        (each.candidate.identity, each.device): each.interval_ns
        for several in placed
        for each in several
    }
    for winner in winners:
        for other in winners:
            own = times[other.candidate.identity, other.device]
            abroad = times[winner.candidate.identity, other.device]
            is_other = winner.candidate.identity != other.candidate.identity
            if not is_other or own is None or abroad is None:
                continue
            ratio = format_number(abroad / own)
            claim = f"on {other.device} the winner of {winner.device} takes {ratio}× the time"
            yield Finding("note", claim, table.name, _places(table, winner, other))
    lacking = tuple(i for i, row in enumerate(table) if row["interval_ns"] is None)
    if lacking:
        claim = f"{plural(len(lacking), 'design')} cannot run on a device"
        yield Finding("warn", claim, table.name, lacking, str(table.column("reason")[lacking[0]]))


def _places(table: Table, winner: Placed, other: Placed) -> tuple[int, ...]:
    names = (winner.candidate.identity, other.candidate.identity)
    return tuple(
        place
        for place, row in enumerate(table)
        if row["device"] == other.device and row["design"] in names
    )
