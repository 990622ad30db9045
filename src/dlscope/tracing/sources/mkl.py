"""What MKL writes in its verbose mode: one line for each call, without the time of day.

MKL_VERBOSE SGEMM(N,N,1024,16,27,0x7ffd1c5b1200,…) 71.56us CNR:OFF Dyn:0 FastMM:1 TID:0  NThr:1
"""

from __future__ import annotations

import re
from decimal import Decimal

from dlscope.core.trace import Attribute
from dlscope.tracing.sources.host_spans import NOBODY, Caller
from dlscope.tracing.sources.library_calls import Calls, LibraryCall, lines_with, placed
from dlscope.tracing.tracer import Diagnostic, Drained

TRACER = "mkl"
MARKER = b"MKL_VERBOSE "

_CALL = re.compile(
    r"MKL_VERBOSE (?P<name>\w+)\((?P<arguments>.*)\) (?P<time>\d+(?:\.\d+)?)(?P<unit>ns|us|ms|s)\b"
    r"(?P<rest>.*)"
)
_BANNER = re.compile(r"MKL_VERBOSE (?:oneMKL|Intel\(R\))")
_UNITS_NS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}


def read_mkl(text: bytes, caller: Caller = NOBODY) -> Drained:
    """Spans of all calls in `text`, end to end from 0: order and durations are what is known."""
    found = mkl_calls(text)
    trace, more = placed(found.calls, None, TRACER, caller)
    return Drained(trace, (*found.diagnostics, *more))


def mkl_calls(text: bytes) -> Calls:
    """Every call that `text` tells of; damaged lines are counted in a diagnostic."""
    calls, damaged = [], 0
    for offset, line in lines_with(MARKER, text):
        match = _CALL.match(line)
        if match is not None:
            calls.append(_call(match, offset))
        elif not _BANNER.match(line):
            damaged += 1
    what = "damaged lines of MKL, which were left out"
    return Calls(tuple(calls), (Diagnostic("damaged", what, damaged),) if damaged else ())


def _call(match: re.Match[str], offset: int) -> LibraryCall:
    # Addresses differ from run to run; without them the arguments tell the problem.
    arguments = match["arguments"].split(",")
    sizes = [each for each in arguments if not each.strip().startswith("0x")]
    attributes: dict[str, Attribute] = {"problem": ",".join(sizes)}
    for word in match["rest"].split():
        key, colon, value = word.partition(":")
        if colon:
            attributes[key.lower()] = value
    duration_ns = round(Decimal(match["time"]) * _UNITS_NS[match["unit"]])
    return LibraryCall(match["name"], duration_ns, offset, attributes=attributes)
