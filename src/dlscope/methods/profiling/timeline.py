"""One iteration as a table: what ran when, on every level."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dlscope.core.table import Cell, Column, Table
from dlscope.core.trace import Level
from dlscope.methods.profiling.analyses.base import BATCH, SUBJECT, subject
from dlscope.methods.profiling.analyses.library import is_movement
from dlscope.methods.profiling.node import Node
from dlscope.methods.profiling.profile import Profile

_COLUMNS = (
    *SUBJECT,
    BATCH,
    Column("level", "str", "level of the span"),
    Column("name", "str", "name of the span"),
    Column("type", "str", "its operator or kind"),
    Column("start_ns", "int", "from the start of the model", "ns", "value"),
    Column("duration_ns", "int", "in this iteration", "ns", "value"),
    Column("part", "str", "compute, movement or element-wise; none for the model"),
)
_NEVER = np.empty(0, dtype=np.int64)
_COMPUTE = ("conv", "gemm", "matmul", "linear", "inner_product", "attention", "lstm", "gru")
_MOVING = ("transpose", "reshape", "concat", "split", "slice", "pad", "gather", "reorder", "copy")


def timeline_table(profiles: Sequence[Profile]) -> Table:
    """The iteration with the middle latency of the deepest run of each profile."""
    records = [record for profile in profiles for record in _records(profile)]
    return Table.of("timeline", _COLUMNS, records, note="one iteration of the deepest run")


def part(node: Node) -> str | None:
    """What a span does, in a word, told by its operator; none for the model."""
    word = (node.type or node.name).lower()
    if node.level == Level.MODEL:
        return None
    # A kernel may be called gemm_splitk: what computes is asked for first.
    if any(each in word for each in _COMPUTE):
        return "compute"
    if is_movement(node) or any(each in word for each in _MOVING):
        return "movement"
    return "element-wise"


def _records(profile: Profile) -> Iterator[dict[str, Cell]]:
    model, run = profile.model, len(profile.levels) - 1
    if model is None or run not in model.durations_ns:
        return
    durations = model.durations_ns[run]
    middle = int(durations.argsort()[durations.size // 2])
    iteration, begin = (int(times[run][middle]) for times in (model.iterations, model.starts_ns))
    for level in profile.levels:
        for node in profile.nodes(level):
            place = None if node.count else _place(node, run, iteration)
            if place is None:
                continue
            yield {
                **subject(profile),
                "batch_size": profile.batch_size,
                "level": level.name.lower(),
                "name": node.name,
                "type": node.type,
                "start_ns": int(node.starts_ns[run][place]) - begin,
                "duration_ns": int(node.durations_ns[run][place]),
                "part": part(node),
            }


def _place(node: Node, run: int, iteration: int) -> int | None:
    """Where the times of `iteration` stand, None where the node was not seen in it."""
    found = np.flatnonzero(node.iterations.get(run, _NEVER) == iteration)
    return int(found[0]) if found.size else None
