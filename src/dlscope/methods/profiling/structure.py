"""What some iterations or runs of a leveled experiment have and others have not.

Such spans are matched where they are, and told here; no cost of a level is read from them (XSP,
structure mismatch).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from dlscope.core.table import Cell, Column, Table
from dlscope.methods.profiling.analyses.base import BATCH, SUBJECT, subject
from dlscope.methods.profiling.levels import level_set
from dlscope.methods.profiling.node import Node
from dlscope.methods.profiling.profile import Profile
from dlscope.reporting.plan_labels import PlanLabels

_COLUMNS = (
    *SUBJECT,
    BATCH,
    Column("level", "str", "level of the span"),
    Column("parent", "str", "what holds it"),
    Column("name", "str", "name of the span"),
    Column("type", "str", "its operator or kind"),
    Column("level_set", "str", "run that has it in some iterations only, or not at all"),
    Column("seen", "int", "iterations of the run that have it", role="count"),
    Column("iterations", "int", "iterations of the run", role="count"),
)
_NAMED = 3


def structure_table(profiles: Sequence[Profile]) -> Table:
    """One row for each span and run of its level that has it in fewer iterations than there are."""
    records = [record for profile in profiles for record in _records(profile)]
    note = "matched in the iterations that have them; left out of what measuring cost"
    return Table.of("structure", _COLUMNS, records, note=note)


def structure_warnings(profiles: Sequence[Profile]) -> Iterator[str]:
    """How many spans of each level are not everywhere, and what the first of them are called."""
    labels = PlanLabels(profile.run.plan for profile in profiles)
    for profile in profiles:
        nodes = [node for node in profile.every_node() if profile.missing(node)]
        for level, count in sorted(Counter(node.level for node in nodes).items()):
            names = list(dict.fromkeys(node.name for node in nodes if node.level == level))
            told = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
            is_are = "is" if count == 1 else "are"
            yield (
                f"{labels.of(profile.run.plan)}: {count} of {len(profile.nodes(level))} spans of "
                f"level {level.name} {is_are} not in every iteration: {told}"
            )


def _records(profile: Profile) -> Iterator[dict[str, Cell]]:
    for node in profile.every_node():
        for run, (seen, iterations) in profile.missing(node).items():
            yield {
                **subject(profile),
                "batch_size": profile.batch_size,
                "level": node.level.name.lower(),
                "parent": _name(node.parent),
                "name": node.name,
                "type": node.type,
                "level_set": level_set(profile.levels[: run + 1]),
                "seen": seen,
                "iterations": iterations,
            }


def _name(node: Node | None) -> str | None:
    return None if node is None else node.name
