"""Explain models: `profile`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from dlscope.api.carrying_out import Names, carried_out, permission_of
from dlscope.api.evaluation import experiment
from dlscope.api.watcher import QUIET, Watcher

if TYPE_CHECKING:
    from dlscope.core.errors import DlscopeError
    from dlscope.core.plan import Plan
    from dlscope.core.report import Report
    from dlscope.methods.evaluation.planning import Refusal

ITERATIONS = 10


def profile(
    model: Names,
    *,
    dataset: Names | None = None,
    backend: Names = "onnxruntime",
    levels: str | None = None,
    batch_size: int | Sequence[int] | Literal["auto"] = 1,
    threads: int | Sequence[int] = 1,
    iterations: int = ITERATIONS,
    options: Mapping[str, Any] | None = None,
    best_effort: bool = False,
    store: str | None = None,
    rerun: bool = False,
    watcher: Watcher = QUIET,
) -> Report:
    """Where the time of each model goes on each backend, from the model down to its kernels.

    `levels` is a set such as `M,L,B,K` (model, layer, library, kernel), by default all that a
    backend shows here; with `best_effort` those that it does not show are left out instead of
    refused. A `batch_size` of `auto` doubles until that gains at most 5 %. Each level is a run of
    its own in a process of its own, all taking turns over `iterations` rounds. Raises
    `DlscopeError` for what cannot be done.
    """
    from dlscope.core.errors import Unsatisfiable
    from dlscope.methods.profiling.levels import parse_levels
    from dlscope.methods.profiling.planning import leveled
    from dlscope.methods.profiling.report import profiling_report
    from dlscope.methods.profiling.sweep import BATCHES, swept

    batches = BATCHES if batch_size == "auto" else batch_size
    scenario = {"name": "batched", "mode": "performance", "batch_size": list(_several(batches))}
    settings = {"dataset": dataset, "backend": backend, "scenario": scenario}
    points, refusals = _points(model, settings, options or {}, _several(threads))
    wanted = parse_levels(levels) if levels else None
    found = leveled(points, wanted, iterations=iterations, best_effort=best_effort)
    told = _told(refusals, found.refused)
    if not found.plans:
        raise Unsatisfiable.of(error for _, _, error in told)
    how = (permission_of(()), store, rerun, watcher)
    if batch_size == "auto":
        runs = tuple(swept(found.plans, lambda plan: carried_out([plan], *how)[0]))
    else:
        runs = carried_out(found.plans, *how, refused=len(told))
    return profiling_report(runs, told, found.missing)


def _several(numbers: int | Sequence[int]) -> Sequence[int]:
    return [numbers] if isinstance(numbers, int) else numbers


def _points(
    model: Names,
    settings: Mapping[str, Any],
    options: Mapping[str, Any],
    threads: Sequence[int],
) -> tuple[list[Plan], list[Refusal]]:
    """What is planned and what is refused of `model` with each number of threads."""
    from dlscope.methods.evaluation.planning import plan_experiment

    points: list[Plan] = []
    refusals: list[Refusal] = []
    for count in threads:
        planned = plan_experiment(
            experiment(model, options={**options, "threads": count}, **settings)
        )
        points.extend(planned.plans)
        refusals.extend(planned.refusals)
    return points, refusals


def _told(
    refusals: Sequence[Refusal], refused: Iterable[tuple[Plan, DlscopeError]]
) -> list[tuple[str, str, DlscopeError]]:
    """Model, backend and error of what cannot be done, once where threads change nothing."""
    told = [(each.model, each.framework, each.error) for each in refusals]
    told += [(plan.model.name, plan.framework.name, error) for plan, error in refused]
    return list({(*each[:2], each[2].describe()): each for each in told}.values())
