"""`Profiling`: one leveled experiment, carried out as a Run whose trace holds all its runs."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from dlscope.backends.base import Backend
from dlscope.catalog.assets import fetch
from dlscope.core import registry
from dlscope.core.errors import DlscopeError
from dlscope.core.plan import Plan
from dlscope.core.run import Condition, Energy, Run, Samples
from dlscope.core.trace import Level, Trace
from dlscope.core.workload import Context, Workload
from dlscope.graph import read_graph
from dlscope.graph.signature import read_signature
from dlscope.methods.profiling.feeds import Feeds, feeds_of
from dlscope.methods.profiling.layer_work import LayerWork
from dlscope.methods.profiling.model_energy import ModelEnergy
from dlscope.methods.profiling.profile import (
    CEILINGS,
    CLOCK,
    CONTENTION,
    DIAGNOSTICS,
    INPUTS,
    WORK,
    WORK_MISSING,
)
from dlscope.methods.profiling.rounds import Iteration, measure
from dlscope.methods.profiling.serial_rerun import NOT_SERIAL, Told, with_parents_told
from dlscope.stacks.ceilings import ceilings
from dlscope.stacks.energy import EnergyMeter
from dlscope.stacks.fingerprint import environment
from dlscope.store.parquet import read_spans
from dlscope.tracing.epoch import anchor
from dlscope.tracing.merge import INCOMPLETE, with_unique_ids
from dlscope.tracing.tracer import Diagnostic

ITERATIONS, WARMUP = 10, 3
_MOST_CONTENDED = 0.5
_CONTENDED = "stop other work and profile again with --rerun; ratios in A16 are those of CPU time"
_BAD = (INCOMPLETE, "tracer_failed", NOT_SERIAL)
_STOPPED = Energy(reason="it was stopped before its energy was counted")


@final
class Profiling(Workload):
    """Runs of growing depth, interleaved; their spans on one timeline; what is needed to judge."""

    name: ClassVar[str] = "profiling"

    def _execute(self, plan: Plan, context: Context) -> Run:
        started = datetime.now(UTC).isoformat(timespec="milliseconds")
        levels = tuple(Level[name] for name in plan.options["levels"])
        context.progress({"step": "load", "share": 0.0})
        fetched = fetch(plan.model)
        role = plan.model.graph_role(plan.framework.formats)
        assert role is not None
        graph = fetched.paths[role]
        _convert(plan, graph)
        feeds = feeds_of(plan, fetched)
        artifacts = _artifacts(plan, graph, feeds)
        with tempfile.TemporaryDirectory(prefix="dlscope-profile-") as place:
            folder = Path(place)
            np.savez(folder / "feeds.npz", **feeds.arrays)  # type: ignore[arg-type]
            order = _order(plan, graph, folder / "feeds.npz")
            measured = measure(
                order,
                levels,
                plan.options.get("iterations", ITERATIONS),
                folder,
                lambda share: context.progress({"step": "measure", "share": share}),
                context.should_stop,
                _energy(plan),
            )
            is_aborted = context.should_stop()
            runs = [
                (read_spans(path), told)
                for path, told in zip(measured.spans, measured.diagnostics, strict=True)
            ]
            if not is_aborted:
                runs = with_parents_told(runs, order, levels, folder)
        trace = with_unique_ids(trace for trace, _ in runs)
        diagnostics = [told for _, told in runs]
        return Run(
            id=context.run_id,
            plan=plan,
            environment=environment(),
            status="aborted" if is_aborted else "finished",
            started_utc=started,
            samples=_samples(trace),
            conditions=(
                _contention(measured.iterations),
                *_completeness(levels, diagnostics, trace),
            ),
            trace=trace,
            energy=measured.energy or _STOPPED,
            framework_report={**measured.report, "graph_bytes": graph.stat().st_size},
            artifacts={**artifacts, DIAGNOSTICS: _told(levels, diagnostics)},
        )


def _order(plan: Plan, graph: Path, feeds: Path) -> dict[str, Any]:
    """What every run is told alike."""
    return {
        "backend": plan.framework.backend,
        "options": dict(plan.framework.options),
        "graph": str(graph),
        "feeds": str(feeds),
        "warmup": plan.options.get("warmup", WARMUP),
    }


def _energy(plan: Plan) -> ModelEnergy:
    device = plan.framework.options.get("device", "cpu")
    return ModelEnergy(EnergyMeter("gpu" if device == "gpu" else "cpu"), plan.batch_size)


def _convert(plan: Plan, graph: Path) -> None:
    """Have the framework's own form of the model in the cache, so that no run makes it."""
    backend: Backend = registry.load("backends", plan.framework.backend)()
    if backend.converts:
        backend.convert(graph, plan.framework.options)


def _artifacts(plan: Plan, graph: Path, feeds: Feeds) -> dict[str, str]:
    """What the machine can do, and what the layers ask for, as far as either can be told."""
    found = {CLOCK: json.dumps(dataclasses.asdict(anchor()))}
    if feeds.note:
        found[INPUTS] = feeds.note
    if plan.framework.options.get("device", "cpu") == "cpu":
        limits = ceilings(int(plan.framework.options.get("threads", 1)))
        found[CEILINGS] = json.dumps(dataclasses.asdict(limits))
    if graph.suffix == ".onnx":
        try:
            found[WORK] = _work(graph, feeds.arrays)
        except DlscopeError as error:
            found[WORK_MISSING] = str(error)
    return found


def _work(graph: Path, feeds: Mapping[str, NDArray[Any]]) -> str:
    """FLOPs and compulsory bytes by name of layer, for the shapes that are fed."""
    return LayerWork.of_graph(read_graph(graph, _bindings(graph, feeds), samples=feeds)).to_text()


def _bindings(graph: Path, feeds: Mapping[str, NDArray[Any]]) -> dict[str, int]:
    """The sizes of free axes that have names."""
    found: dict[str, int] = {}
    for tensor in read_signature(graph).inputs:
        if tensor.name in feeds:
            for axis, size in zip(tensor.shape or (), feeds[tensor.name].shape, strict=False):
                if isinstance(axis, str):
                    found[axis] = int(size)
    return found


def _samples(trace: Trace) -> Samples:
    """The iterations of the run that sees the model alone, as queries."""
    model = trace.take((trace["level"] == Level.MODEL) & (trace["run"] == 0))
    start, end = model["start_ns"], model["end_ns"]
    return Samples(start, start, end, np.ones(len(model), dtype=np.bool_))


def _contention(iterations: Sequence[Iteration]) -> Condition:
    held_up = sum(each.is_contended for each in iterations)
    share = held_up / max(len(iterations), 1)
    return Condition(
        CONTENTION,
        f"{held_up} of {len(iterations)} iterations waited for a core",
        "≤ half of them",
        share <= _MOST_CONTENDED,
        "" if share <= _MOST_CONTENDED else _CONTENDED,
    )


def _completeness(
    levels: Sequence[Level], diagnostics: Sequence[Told], trace: Trace
) -> list[Condition]:
    """Whether every level that was asked for was seen, and has its place."""
    conditions = []
    for level, told in zip(levels[1:], diagnostics[1:], strict=True):
        bad = [each.what for each in told if each.kind in _BAD]
        if not bad and len(trace) and not np.any(trace["level"] == level):
            bad = ["nothing was seen"]
        conditions.append(
            Condition(
                f"level {level.name}",
                "; ".join(bad) or "all spans have their place",
                "every span has one parent",
                not bad,
                "profile again with --rerun" if bad else "",
            )
        )
    return conditions


def _told(levels: Sequence[Level], diagnostics: Sequence[Told]) -> str:
    def plain(each: Diagnostic) -> dict[str, Any]:
        return dataclasses.asdict(each)

    return json.dumps(
        {
            level.name: [plain(each) for each in told]
            for level, told in zip(levels, diagnostics, strict=True)
        }
    )
