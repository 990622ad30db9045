"""A serial run beside a leveled experiment, made where overlap leaves parents ambiguous."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlscope.backends.base import Backend
from dlscope.core import registry
from dlscope.core.errors import DlscopeError
from dlscope.core.trace import Level, Trace
from dlscope.methods.profiling.rounds import measure_alone
from dlscope.methods.profiling.untangling import SERIAL, untangled
from dlscope.store.parquet import read_spans
from dlscope.tracing.merge import AMBIGUOUS, INCOMPLETE, ORPHAN, without_place
from dlscope.tracing.tracer import Diagnostic

NOT_SERIAL = "not_serialized"
"""The kind of diagnostic that says why there is no serial run although it was wanted."""
_BLOCKING = {"CUDA_LAUNCH_BLOCKING": "1"}
Told = tuple[Diagnostic, ...]


@dataclass(frozen=True)
class Serial:
    """How to have the work of a prediction follow one another: options, and the environment."""

    options: Mapping[str, Any]
    environment: Mapping[str, str]


def serial_of(backend: str, options: Mapping[str, Any]) -> Serial | None:
    """What makes `backend` serial, None where nothing does that `options` do not already ask for.

    On a GPU every launch waits for its kernel.
    """
    kind: Backend = registry.load("backends", backend)()
    changed = {**options, **kind.serial}
    environment = _BLOCKING if options.get("device") == "gpu" else {}
    if not environment and kind.check(changed) == kind.check(options):
        return None
    return Serial(changed, environment)


def with_parents_told(
    runs: Sequence[tuple[Trace, Told]],
    order: Mapping[str, Any],
    levels: Sequence[Level],
    folder: Path,
) -> list[tuple[Trace, Told]]:
    """The spans and diagnostics of each run, ambiguous parents told by a serial run if need be.

    That run is as deep as the deepest one that needs it. Where there is none, or it fails, the
    runs stay as they are, and a diagnostic says why.
    """
    doubtful = [depth for depth, (_, told) in enumerate(runs) if _is_doubtful(told)]
    if not doubtful:
        return list(runs)
    seen = levels[: doubtful[-1] + 1]
    serial, problem = _serial_trace(order, seen, folder)
    return [
        _told(trace, diagnostics, serial, problem) if depth in doubtful else (trace, diagnostics)
        for depth, (trace, diagnostics) in enumerate(runs)
    ]


def _is_doubtful(told: Told) -> bool:
    return any(each.kind == AMBIGUOUS for each in told)


def _serial_trace(
    order: Mapping[str, Any], levels: Sequence[Level], folder: Path
) -> tuple[Trace, str]:
    """The spans of a serial run, or none and why."""
    how = serial_of(order["backend"], order["options"])
    if how is None:
        return (
            Trace(),
            f"{order['backend']} has no option that would keep its work from overlapping",
        )
    try:
        asked = {**order, "options": dict(how.options)}
        return read_spans(measure_alone(asked, levels, how.environment, folder)), ""
    except DlscopeError as error:
        return Trace(), f"the serial run failed: {error.what}"


def _told(trace: Trace, told: Told, serial: Trace, problem: str) -> tuple[Trace, Told]:
    if problem:
        return trace, (*told, Diagnostic(NOT_SERIAL, problem))
    resolved, count = untangled(trace, serial)
    others = [each for each in told if each.kind not in (AMBIGUOUS, ORPHAN, INCOMPLETE)]
    found = [Diagnostic(SERIAL, "a serial run told the parent", count)] if count else []
    return resolved, (*others, *found, *without_place(resolved["parent_kind"]))
