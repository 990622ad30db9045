"""`plan`: what an experiment would measure, and what of it cannot be done here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlscope.api.carrying_out import Names, permission_of
from dlscope.core.table import Cell, Column, Table

if TYPE_CHECKING:
    from dlscope.core.manifest import ExperimentManifest
    from dlscope.core.report import Report

_PLAN_COLUMNS = (
    Column("plan", "str", "digest of the Plan", role="id", priority=3),
    Column("model", "str", "model manifest"),
    Column("backend", "str", "framework that runs it"),
    Column("version", "str", "exact version of the framework", priority=2),
    Column("dataset", "str", "data set manifest", priority=2),
    Column("items", "int", "items that are answered", role="count", priority=2),
    Column("scenario", "str", "how queries arrive"),
    Column("batch_size", "int", "items in one query", role="count", priority=2),
    Column("repeat", "int", "which of several equal measurements", role="count", priority=3),
    Column("known", "bool", "whether the store has its Run already", role="text"),
)
_REFUSED_COLUMNS = (
    Column("model", "str", "model asked for"),
    Column("backend", "str", "framework asked for"),
    Column("reason", "str", "why the pair cannot be measured here"),
    Column("fix", "str", "how to make it possible"),
)


def plan(asked: ExperimentManifest, *, allow_hooks: Names = (), store: str | None = None) -> Report:
    """The plans of `asked` with what the store knows of them, and the refused pairs with reasons.

    Nothing is measured. Raises `DlscopeError` where not a single point can be done.
    """
    from dlscope.core.report import Report, Section
    from dlscope.methods.evaluation.planning import plan_experiment
    from dlscope.reporting.words import plural
    from dlscope.stacks.fingerprint import environment
    from dlscope.store import Store

    planned = plan_experiment(asked, permission_of(allow_hooks))
    fingerprint = environment().fingerprint
    with Store.open(store) as opened:
        known = [opened.finished(each.digest, fingerprint) for each in planned.plans]
    records: list[dict[str, Cell]] = [
        {
            "plan": each.digest,
            "model": each.model.name,
            "backend": each.framework.name,
            "version": each.framework.version,
            "dataset": each.dataset.name,
            "items": each.items,
            "scenario": each.scenario.name,
            "batch_size": each.batch_size,
            "repeat": each.repeat,
            "known": run is not None,
        }
        for each, run in zip(planned.plans, known, strict=True)
    ]
    refused: list[dict[str, Cell]] = [
        {
            "model": each.model,
            "backend": each.framework,
            "reason": each.error.what,
            "fix": each.error.fix,
        }
        for each in planned.refusals
    ]
    plans = Table.of("plans", _PLAN_COLUMNS, records)
    refusals = Table.of("refused", _REFUSED_COLUMNS, refused)
    there = sum(run is not None for run in known)
    return Report(
        title="Plan",
        answer=f"{plural(len(plans), 'run')}, {there} of them measured already, "
        f"{len(refusals)} refused.",
        tables=(plans, refusals),
        sections=(Section("Plans", (plans,)), Section("Refused", (refusals,))),
    )
