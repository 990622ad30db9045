"""The pre-processing study as plans and as a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dlscope.core.errors import PlanError, Unsatisfiable, did_you_mean
from dlscope.core.hook_permission import HookPermission
from dlscope.core.manifest import ExperimentManifest
from dlscope.core.plan import Plan
from dlscope.core.report import Prose, Report, Section
from dlscope.core.run import Run
from dlscope.core.table import Table
from dlscope.methods.evaluation.planning import plan_experiment
from dlscope.methods.evaluation.preprocessing_study import (
    REFERENCE,
    changed_models,
    study_findings,
    study_table,
)
from dlscope.methods.evaluation.resolving import close_model
from dlscope.methods.evaluation.study_by_value import (
    headline,
    value_answer,
    value_findings,
    value_table,
)
from dlscope.pipelines.chain import check_inputs


def plan_study(
    asked: ExperimentManifest,
    chosen: Sequence[str] | None = None,
    permission: HookPermission | None = None,
) -> Mapping[str, Plan]:
    """One plan for each change by name, the reference first; only the steps differ."""
    declared = plan_experiment(asked, permission)
    if declared.refusals:
        raise Unsatisfiable.of(refusal.error for refusal in declared.refusals)
    base = declared.plans[0]
    if base.model.has_hook("preprocess"):
        raise PlanError(
            f"a hook prepares the items of {base.model.name}, so there is no step to change",
            where=f"model {base.model.name}, hooks.preprocess",
            fix="express it as steps",
        )
    models = dict(changed_models(base.model))
    names = list(models) if chosen is None else [REFERENCE, *chosen]
    unknown = [name for name in names if name not in models]
    if unknown:
        raise PlanError(
            f"there is no change {unknown[0]!r}",
            where="study preprocessing",
            fix=did_you_mean(unknown[0], models),
        )
    closed = {name: close_model(models[name]) for name in names}
    for model in closed.values():
        check_inputs(model)
    return {name: base.model_copy(update={"model": model}) for name, model in closed.items()}


def study_report(runs: Mapping[str, Run]) -> Report:
    """What each change does to the answers; `runs` by name of the change."""
    reference, metric = runs[REFERENCE].plan, headline(runs[REFERENCE])
    if metric is None:
        table = study_table(runs)
        answer, findings = _counted(table, reference), study_findings(table)
    else:
        table = value_table(runs, metric)
        answer, findings = value_answer(table), value_findings(table)
    return Report(
        title=f"Pre-processing of {reference.model.name}",
        answer=answer,
        tables=(table,),
        findings=findings,
        sections=(
            Section("One change at a time", (table,)),
            Section("How it was measured", (Prose(_method(reference, metric)),)),
        ),
        runs=tuple(run.id for run in runs.values()),
        command=f"dlscope study preprocessing {reference.model.name} "
        f"--dataset {reference.dataset.name} --backend {reference.framework.name}",
        created_utc=max(run.started_utc for run in runs.values()),
    )


def _counted(table: Table, plan: Plan) -> str:
    counts = [int(str(count)) for count in table.column("top_1_count") if count is not None]
    if not counts:
        return "No variant gave answers; the column reason says why."
    return (
        f"{counts[0]} of {plan.items} right with the declared steps, "
        f"down to {min(counts)} with one step wrong."
    )


def _method(plan: Plan, metric: str | None) -> str:
    intervals = (
        "Counts have Wilson intervals; ties are broken by the lower class index."
        if metric is None
        else f"Intervals of {metric} resample items."
    )
    steps = " → ".join(step.name for step in plan.model.inputs[0].preprocess)
    return (
        f"Every row is a Run of its own over the same {plan.items} items "
        f"({plan.dataset.data_kind}) through {plan.framework.name} {plan.framework.version}; only "
        f"the named step differs from the declared steps {steps}. {intervals}"
    )
