"""Which Runs answer so badly that a declaration must be wrong, by the rules of MLModelScope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dlscope.core.plan import Plan
from dlscope.core.run import Run
from dlscope.methods.evaluation.variants import as_declared

_FAR_BEHIND = 5
_CHANCES = 3
_LEAST_CLASSES = 10


def suspicions(runs: Sequence[Run]) -> Mapping[str, str]:
    """Why a Run is suspect, by its id: its top-1 beside the best framework's, and beside chance.

    Below a fifth of the best framework's on the same data set; or at most 3/K, where K ≥ 10
    classes make that a sign of anything.
    """
    told = [(run, metric.value) for run in as_declared(runs) if (metric := run.metric("top_1"))]
    best: dict[tuple[str, str], float] = {}
    for run, value in told:
        key = _subject(run)
        best[key] = max(value, best.get(key, 0.0))
    found = {run.id: _suspicion(run, value, best[_subject(run)]) for run, value in told}
    return {run_id: reason for run_id, reason in found.items() if reason}


def class_count(plan: Plan) -> int | None:
    """Classes that are told apart: of the data set, else of the model's output."""
    if plan.dataset.classes is not None:
        return plan.dataset.classes
    output = plan.model.prediction
    size = output.shape[output.layout.index("K")] if "K" in output.layout else None
    return size if isinstance(size, int) else None


def _subject(run: Run) -> tuple[str, str]:
    return run.plan.model.identity, run.plan.dataset.identity


def _suspicion(run: Run, value: float, best: float) -> str:
    classes = class_count(run.plan)
    if value < best / _FAR_BEHIND:
        return (
            f"top-1 {value * 100:.1f} % is below a fifth of the best framework's {best * 100:.1f} %"
        )
    if classes is not None and classes >= _LEAST_CLASSES and value <= _CHANCES / classes:
        return (
            f"top-1 {value * 100:.1f} % is at most thrice that of guessing among {classes} classes"
        )
    return ""
