"""The process of one job: an experiment comes in on standard input, events go out, line by line.

The server imports no framework and cannot be brought down by one; Ctrl-C means here what it means
to a command. When the server goes, the job ends after its current query.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, final

from dlscope import api
from dlscope.core.errors import DlscopeError, StoreError
from dlscope.core.units import format_number, scale_for
from dlscope.reporting.plan_labels import PlanLabels

if TYPE_CHECKING:
    from dlscope.api.watcher import Told
    from dlscope.core.manifest import ExperimentManifest
    from dlscope.core.plan import Plan
    from dlscope.core.report import Report
    from dlscope.core.run import Run

Tell = Callable[[Mapping[str, Any]], None]
_SIGNS = {"valid": "✓", "invalid": "▲", "failed": "✕", "aborted": "▲"}


def main() -> None:
    """Do what the first line of standard input asks for; the last event says how it ended."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    tell = _teller()
    asked = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_server, daemon=True).start()
    try:
        _ACTIONS[asked["do"]](asked, tell)
    except DlscopeError as error:
        tell({"type": "error", "problems": [each.to_json() for each in error.problems]})
    except KeyboardInterrupt:
        tell({"type": "stopped"})


@final
class _Telling(api.Watcher):
    """Tells how plans come along as events."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._total = 0
        self._cells: dict[str, list[int]] = {}
        self._done = 0
        self._plans: tuple[Plan, ...] = ()
        self._labels = PlanLabels(())

    def planned(self, plans: Sequence[Plan], refused: int) -> None:
        self._total += len(plans)
        self._plans += tuple(plans)
        self._labels = PlanLabels(self._plans)
        for plan in plans:
            self._cells.setdefault(_cell(plan), [0, 0])[1] += 1
        cells = list(self._cells)
        self._tell({"type": "plan", "total": self._total, "refused": refused, "cells": cells})

    def progress(self, plan: Plan, event: Mapping[str, Any]) -> None:
        told = {"step": event["step"], "share": event.get("share")}
        self._tell({"type": "stage", "label": self._labels.of(plan), "cell": _cell(plan), **told})

    def finished(self, plan: Plan, run: Run, is_known: bool) -> None:
        self._done += 1
        counts = self._cells.setdefault(_cell(plan), [0, 1])
        counts[0] += 1
        verdict = _verdict(run)
        self._tell(
            {
                "type": "run",
                "id": run.id,
                "label": self._labels.of(plan),
                "cell": _cell(plan),
                "verdict": verdict,
                "sign": _SIGNS[verdict],
                "told": _told(run),
                "known": is_known,
                "runs_done": f"{counts[0]} of {counts[1]}",
                "done": self._done,
                "total": self._total,
            }
        )

    def spooled(self, run: Run, refusal: StoreError) -> None:
        self._tell({"type": "log", "text": f"{refusal.what}: run {run.id} is kept aside"})


def _experiment(asked: Mapping[str, Any]) -> ExperimentManifest:
    from dlscope.core.manifest import ExperimentManifest

    return ExperimentManifest.model_validate(asked["experiment"])


def _run(asked: Mapping[str, Any], tell: Tell) -> None:
    report = api.run_experiment(
        _experiment(asked),
        allow_hooks=asked["allow_hooks"],
        store=asked["store"],
        rerun=asked["rerun"],
        watcher=_Telling(tell),
    )
    refused = list(report.table("refused"))
    tell({"type": "end", "runs": list(report.runs), "refused": refused})


def _plan(asked: Mapping[str, Any], tell: Tell) -> None:
    report = api.plan(_experiment(asked), allow_hooks=asked["allow_hooks"], store=asked["store"])
    tables = {table.name: list(table) for table in report.tables}
    tell({"type": "end", "answer": report.answer, **tables})


def _known_bounds(asked: Mapping[str, Any], tell: Tell) -> None:
    _tell_report(api.known_bounds(asked["model"], store=asked["store"], **asked["options"]), tell)


def _known_bricks(asked: Mapping[str, Any], tell: Tell) -> None:
    _tell_report(api.known_bricks(asked["model"], store=asked["store"], **asked["options"]), tell)


def _bound(asked: Mapping[str, Any], tell: Tell) -> None:
    options = dict(asked["options"])
    verify = options.pop("verify", False)
    model, store = asked["model"], asked["store"]
    api.bound(model, store=store, told=_steps(tell), partial=True, verify=verify, **options)
    _tell_report(
        api.known_bounds(model, store=store, **options), tell, _known_by("bounds", model, options)
    )


def _bricks(asked: Mapping[str, Any], tell: Tell) -> None:
    options = dict(asked["options"])
    model, store = asked["model"], asked["store"]
    api.measure_bricks(model, store=store, told=_steps(tell), **options)
    options.pop("seconds", None)
    _tell_report(
        api.known_bricks(model, store=store, **options), tell, _known_by("bricks", model, options)
    )


def _known_by(what: str, model: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """What a page asks to be told the same."""
    return {"do": f"known_{what}", "model": model, "options": dict(options)}


def _tell_report(report: Report, tell: Tell, known_by: Mapping[str, Any] | None = None) -> None:
    from dlscope.reporting.document import document_of

    tell({"type": "end", "runs": [], "report": document_of(report), "known_by": known_by})


def _steps(tell: Tell) -> Told:
    """Tells what is one step after another as events."""

    def told(step: str, share: float) -> None:
        tell({"type": "stage", "label": "", "cell": "", "step": step, "share": share})

    return told


def _doctor(asked: Mapping[str, Any], tell: Tell) -> None:
    from dlscope.agents.capabilities import backend_table

    del asked
    tell({"type": "end", "backends": list(backend_table())})


_ACTIONS: Mapping[str, Callable[[Mapping[str, Any], Tell], None]] = {
    "run": _run,
    "plan": _plan,
    "doctor": _doctor,
    "known_bounds": _known_bounds,
    "known_bricks": _known_bricks,
    "bound": _bound,
    "bricks": _bricks,
}


def _teller() -> Tell:
    """Writes events to what was standard output; what frameworks print goes to the log."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(event: Mapping[str, Any]) -> None:
        out.write(json.dumps(event) + "\n")
        out.flush()

    return tell


def _end_with_server() -> None:
    while sys.stdin.readline():
        pass
    os.kill(os.getpid(), signal.SIGINT)


def _cell(plan: Plan) -> str:
    return f"{plan.model.name} · {plan.framework.name}"


def _verdict(run: Run) -> str:
    if run.status != "finished":
        return run.status
    return "valid" if run.is_valid else "invalid"


def _told(run: Run) -> str:
    """The median latency, else the headline metric, else what went wrong."""
    if run.error is not None:
        return run.error["what"][:200]
    ordered = run.samples.ordered_ns
    if ordered.size:
        middle = float(ordered[ordered.size // 2])
        unit, factor = scale_for("ns", [middle])
        return f"{format_number(middle * factor)} {unit}"
    metric = run.metrics[0] if run.metrics else None
    return f"{metric.name} {format_number(metric.value)}" if metric else run.status


if __name__ == "__main__":
    main()
