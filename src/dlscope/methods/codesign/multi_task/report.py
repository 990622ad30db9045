"""The report of a split: what each task gets, and whether that is enough."""

from __future__ import annotations

from collections.abc import Iterator

from dlscope.core.report import Finding, Prose, Report, Section
from dlscope.core.table import Cell, Column, Table
from dlscope.core.units import format_number, format_percent
from dlscope.devices.base import Device
from dlscope.methods.codesign.multi_task.splitting import TIME
from dlscope.methods.codesign.multi_task.task import Split, TaskShare
from dlscope.methods.codesign.telling.implementation_tables import resources_table

TASKS = (
    Column("task", "str", "network", role="id"),
    Column("rate_per_s", "float", "results a second that are asked for", "1/s", "value"),
    Column("reached_per_s", "float", "results a second that it reaches", "1/s", "value"),
    Column("slack", "float", "reached / asked − 1", "share", "share"),
    Column("share", "float", "its share of what is divided", "share", "share"),
    Column("latency_ns", "float", "from input to result, when it runs", "ns", "value"),
    Column("lanes", "int", "lanes of all its stages, where it has its own", role="count"),
    Column("verdict", "str", "met, or missed by how much", role="verdict"),
)
_MANY = 10
_METHOD = {
    True: (
        "All tasks run on the same engines by turns. The lanes of the engines are those with "
        "which all tasks together take the least of each second; what is left is shared out in "
        "proportion, so that all have the same slack."
    ),
    False: (
        "Each task has a pipeline of its own, all within one budget. The slowest stage of all, "
        "each weighted by the rate of its task, is given lanes until it can have no more; what is "
        "left then goes to the other tasks in the same way."
    ),
}


def split_report(device: Device, found: Split, *, name: str, command: str = "") -> Report:
    """What `found` gives to each task of the device called `name`."""
    by_turns = found.divided == TIME
    tasks = Table.of("tasks", TASKS, (_row(each, by_turns=by_turns) for each in found.shares))
    resources = resources_table(device, found.resources)
    return Report(
        title=f"{len(found.shares)} tasks on {name}",
        answer=_answer(found, name),
        tables=(tasks, resources),
        findings=tuple(_findings(found)),
        sections=(
            Section("Tasks", (tasks,), f"share of the {found.divided}"),
            Section("Resources", (resources,), "analytic, not place-and-route"),
            Section("How it was divided", (Prose(_METHOD[by_turns]),)),
        ),
        command=command,
    )


def _row(share: TaskShare, *, by_turns: bool) -> dict[str, Cell]:
    is_met = share.slack >= 0
    missed = f"missed by {format_percent(-share.slack, 1)}"
    return {
        "task": share.task.name,
        "rate_per_s": share.task.rate_per_s,
        "reached_per_s": share.reached_per_s,
        "slack": share.slack,
        "share": share.share,
        "latency_ns": share.latency_ns,
        "lanes": None if by_turns else sum(share.lanes),
        "verdict": "met" if is_met else missed,
    }


def _answer(found: Split, name: str) -> str:
    worst = min(found.shares, key=lambda each: each.slack)
    if worst.slack >= 0:
        return (
            f"All {len(found.shares)} tasks meet their rates on {name}; the least slack is that "
            f"of {worst.task.name}: {_slack(worst.slack)}."
        )
    return (
        f"{name} is too small: {worst.task.name} reaches {format_number(worst.reached_per_s)} of "
        f"{format_number(worst.task.rate_per_s)} results a second at the best division."
    )


def _slack(slack: float) -> str:
    """More than is asked, in percent; many times as much as a multiple."""
    if slack < _MANY:
        return format_percent(slack, 1)
    return f"it reaches {format_number(1 + slack)} times its rate"


def _findings(found: Split) -> Iterator[Finding]:
    for place, each in enumerate(found.shares):
        if each.slack < 0:
            claim = f"{each.task.name} misses its rate by {format_percent(-each.slack, 1)}"
            yield Finding("bad", claim, "tasks", (place,))
    if found.memory_load > 1:
        claim = f"external memory is asked for {format_percent(found.memory_load)} of its bandwidth"
        yield Finding("warn", claim, "tasks")
