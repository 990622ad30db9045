"""What `perf script --ns -F tid,time,ip,sym,dso` prints: one line for each sample.

18887  4003.477266839:      7efe5a777568 jit_avx512_common_conv_fwd_kernel.0 (/tmp/perf-18887.map)
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from dlscope.core.trace import Level
from dlscope.tracing.sources.host_spans import Caller, HostSpans
from dlscope.tracing.tracer import Diagnostic, Drained

TRACER = "perf"

_SAMPLE = re.compile(
    r"\s*(?P<thread>\d+)\s+(?P<seconds>\d+)\.(?P<fraction>\d+):\s+[0-9a-f]+ (?P<symbol>.*)"
    r" \((?P<object>.*)\)\s*$"
)
_GENERATED = re.compile(r"(?:perf-\d+\.map|jitted-\d+-\d+\.so|\[JIT\] tid \d+)$")
_DIGITS_OF_NS = 9


def read_perf_script(lines: Iterable[str], *, period_ns: int, process: int = 0) -> Drained:
    """A KERNEL span of length 0 for each sample: its symbol, its type the file that holds it.

    Each stands for `period_ns` of work, the time from one sample to the next of a busy thread.

    Code that was generated while the program ran has the type `jit`. perf must have recorded
    with `-k CLOCK_MONOTONIC`: its times are then on the trace clock.
    """
    spans = HostSpans(TRACER, kind="sample")
    damaged = 0
    for line in lines:
        if not line.strip():
            continue
        match = _SAMPLE.match(line)
        if match is None:
            damaged += 1
            continue
        fraction = match["fraction"].ljust(_DIGITS_OF_NS, "0")[:_DIGITS_OF_NS]
        spans.add(
            Level.KERNEL,
            match["symbol"].strip(),
            int(match["seconds"] + fraction),
            0,
            type=_kind(match["object"]),
            attributes={"source": "perf", "period_ns": period_ns},
            caller=Caller(process, int(match["thread"])),
        )
    what = "damaged lines of perf, which were left out"
    return Drained(spans.trace(), (Diagnostic("damaged", what, damaged),) if damaged else ())


def _kind(path: str) -> str:
    name = path.rpartition("/")[2]
    return "jit" if _GENERATED.match(name) else name
