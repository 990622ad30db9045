"""What oneDNN writes in its verbose mode: one line for each primitive that it ran.

    onednn_verbose,v1,1795942985739.117920,primitive,exec,cpu,convolution,jit:avx512_core,…,1.31104

The order of the fields stands in a header line, `info,template:…`, written once in a process;
the times are milliseconds, both of them multiples of 2⁻¹².
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from decimal import Decimal, InvalidOperation

from dlscope.core.trace import Attribute, Level
from dlscope.tracing.epoch import EpochClock
from dlscope.tracing.sources.host_spans import NOBODY, Caller
from dlscope.tracing.sources.library_calls import Calls, LibraryCall, lines_with, placed, timed
from dlscope.tracing.tracer import Diagnostic, Drained

TRACER = "onednn"
RESOLUTION_NS = 245
"""2⁻¹² ms, rounded up."""
MARKER = b"onednn_verbose,"

_NS_PER_MS = 1_000_000
_TICKS_PER_MS = 4096
_VERSION = re.compile(r"v\d+$")
_TEMPLATE = re.compile(r"(?:prim_)?template:")
_NUMBER = re.compile(r"\d+\.\d+$")
_COMPONENT = "primitive"
# A partition of the graph interface is left out: the primitives it is made of are written as well.
_COMPONENTS = frozenset({_COMPONENT, "graph", "common", "ukernel"})
_NO_EXECUTION = frozenset({"create", "info", "error", "warn"})
_FIELDS = (
    "operation,engine,primitive,implementation,prop_kind,memory_descriptors,attributes,"
    "auxiliary,problem_desc,exec_time"
)
_NAMES = {
    "implementation": "impl",
    "problem_desc": "problem",
    "auxiliary": "aux",
    "memory_descriptors": "memory",
    "attributes": "primitive_attributes",
}


def read_onednn(
    text: bytes,
    clock: EpochClock,
    caller: Caller = NOBODY,
    levels: Collection[Level] = (Level.LIBRARY,),
) -> Drained:
    """Spans of all primitives in `text`, written with `ONEDNN_VERBOSE_TIMESTAMP=1` or without.

    Without it only their order is known (see `placed`).
    """
    found = onednn_calls(text)
    untold = [call for call in found.calls if call.epoch_ns is None]
    if untold:
        trace, more = placed(untold, None, TRACER, caller)
        return Drained(trace, (*found.diagnostics, *more))
    trace = timed(found.calls, clock, TRACER, caller, levels)
    return Drained(trace, found.diagnostics)


def onednn_calls(text: bytes) -> Calls:
    """Every primitive that `text` says was run; damaged lines are counted in a diagnostic."""
    template: Sequence[str] = _FIELDS.split(",")
    calls, damaged = [], 0
    for offset, line in lines_with(MARKER, text):
        fields = line.split(",")[1:]
        if fields and _VERSION.match(fields[0]):
            del fields[0]
        header = _header(fields)
        if header is not None:
            template = header or template
            continue
        try:
            call = _call(fields, template, offset)
        except (ValueError, InvalidOperation):
            damaged += 1
            continue
        if call is not None:
            calls.append(call)
    what = "damaged lines of oneDNN, which were left out"
    return Calls(tuple(calls), (Diagnostic("damaged", what, damaged),) if damaged else ())


def _header(fields: Sequence[str]) -> Sequence[str] | None:
    """The fields that a template names, none for the template of something else; else None."""
    if "info" not in fields[:2]:
        return None
    start = fields.index("info") + 1
    template = fields[start : start + 1]
    if not template or not _TEMPLATE.match(template[0]):
        return []
    if fields[0] not in (_COMPONENT, "info"):
        return []
    names = [_TEMPLATE.sub("", template[0]), *fields[start + 1 :]]
    return [name for name in names if name != "timestamp"]


def _call(fields: list[str], template: Sequence[str], offset: int) -> LibraryCall | None:
    epoch_ns = None
    if fields and _NUMBER.match(fields[0]):
        epoch_ns = int(Decimal(fields.pop(0)) * _NS_PER_MS)
    component = fields.pop(0) if fields and fields[0] in _COMPONENTS else _COMPONENT
    operation = fields[0].partition(":")[0] if fields else ""
    if component != _COMPONENT or operation in _NO_EXECUTION:
        return None
    if operation != "exec" or len(fields) < len(template):
        raise ValueError("the line is cut")
    # What a later version appends is kept, after the fields that are known.
    later = (f"field_{place}" for place in range(len(template), len(fields)))
    values = dict(zip((*template, *later), fields, strict=True))
    kind, time = values.pop("primitive"), values.pop("exec_time")
    del values["operation"]
    attributes: dict[str, Attribute] = {
        _NAMES.get(name, name): value for name, value in values.items() if value
    }
    return LibraryCall(kind, _duration_ns(time), offset, epoch_ns, attributes)


def _duration_ns(milliseconds: str) -> int:
    # Six digits are printed: the nearest multiple of the resolution is what was measured.
    ticks = round(Decimal(milliseconds) * _TICKS_PER_MS)
    if ticks < 0:
        raise ValueError("a duration cannot be negative")
    return round(ticks * _NS_PER_MS / _TICKS_PER_MS)
