"""The operators that TensorFlow's executor ran, from its profile (XPlane).

Each is an event of the host called `scope/name:Operator`. The scopes are those that the graph was
built with, so that they tell which node of the model an operator belongs to. Several operators may
make one node, and the executor adds others, as changes of layout: of those in one scope the last
one that computes stands for the node, and all work of the node is told of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from dlscope.core.trace import Attribute, Level, Trace
from dlscope.tracing.sources.host_spans import Caller, HostSpans
from dlscope.tracing.sources.xplane import XEvent

TRACER = "tensorflow"
_HOST = "/host:"
_OPERATOR = re.compile(r"(?P<name>[^:\s]+):(?P<type>[A-Za-z_]\w*)")
_MOVERS = re.compile(
    r"_?(Mkl)?_?(Native)?(Cast|ConcatV2|Concat|Const|DepthToSpace|ExpandDims|Fill|GatherV2|Identity"
    r"|IdentityN|Pack|Pad|PadV2|Reshape|Shape|Slice|SpaceToDepth|Split|SplitV|Squeeze|StridedSlice"
    r"|Tile|ToTf|Transpose|Unpack)"
)
ORIGINAL = "original_layers"
"""The attribute with the names of the nodes that an operator stands for."""


class Layer(NamedTuple):
    """A node of the model: its name, and whether it does nothing but move data."""

    name: str
    is_movement: bool = False


class _Run(NamedTuple):
    """An operator that was executed: when, where, and in which scope of the model, if in any."""

    event: XEvent
    name: str
    type: str
    scope: str


def is_movement(operator: str) -> bool:
    """Whether an operator, of TensorFlow or of a model, does nothing but move data."""
    return _MOVERS.fullmatch(operator) is not None


def read_operators(
    events: Iterable[XEvent],
    shift_ns: int,
    process: int,
    *,
    scopes: Mapping[str, Layer],
    levels: Collection[Level] = (Level.LAYER,),
) -> Trace:
    """LAYER spans of the operators, in order of start; their KERNEL, if wanted, is their class.

    `scopes` are those of the model. Lines do not tell the number of their thread: each has a
    negative number of its own, so that only the process can tell what holds its spans.
    """
    runs = sorted(_runs(events, scopes), key=lambda each: each.event.start_ns)
    stands = _standing(runs, scopes)
    threads: dict[str, int] = {}
    spans = HostSpans(TRACER)
    for run in runs:
        thread = threads.setdefault(run.event.line, -1 - len(threads))
        layer = scopes.get(run.scope)
        told: dict[str, Attribute] = {}
        if layer is not None and stands.get(run.scope) == run.name:
            told = {ORIGINAL: layer.name}
        where = (run.event.start_ns + shift_ns, run.event.duration_ns)
        caller = Caller(process, thread)
        if Level.LAYER in levels:
            spans.add(Level.LAYER, run.name, *where, type=run.type, attributes=told, caller=caller)
        if Level.KERNEL in levels:
            source: dict[str, Attribute] = {"source": "op_name"}
            spans.add(Level.KERNEL, run.type, *where, attributes=source, caller=caller)
    return spans.trace()


def _runs(events: Iterable[XEvent], scopes: Mapping[str, Layer]) -> Iterable[_Run]:
    for event in events:
        match = _OPERATOR.fullmatch(event.name)
        if match is None or not event.plane.startswith(_HOST):
            continue
        # What optimises the graph puts its own name before or behind that of the node.
        parts = match["name"].split("/")
        scope = next((part for part in parts if part in scopes), "")
        yield _Run(event, match["name"], match["type"], scope)


def _standing(runs: Sequence[_Run], scopes: Mapping[str, Layer]) -> dict[str, str]:
    """For each scope the operator that stands for its node: the last that does what that does."""
    found: dict[str, str] = {}
    for run in runs:
        if run.scope and (scopes[run.scope].is_movement or not is_movement(run.type)):
            found[run.scope] = run.name
    return found
