"""A Run in the rows of the database: written, read back, summarised, removed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Table, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, RowMapping

from dlscope.core.run import Condition, Environment, Metric, Run
from dlscope.store import schema
from dlscope.store.latencies import latencies
from dlscope.store.plain import from_text, to_text
from dlscope.store.record import to_record
from dlscope.store.summary import Acceptance, RunSummary

_DETAILS = ("memory_bytes", "framework_report", "log_tail", "probes", "energy", "artifacts")
_PARTS: tuple[Table, ...] = (schema.stages, schema.metrics, schema.conditions)
_SUMMARY_COLUMNS = tuple(
    column for column in schema.runs.columns if column.name not in ("details", "error")
)
_PER_QUERY = 500
_INSERTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def write_run(connection: Connection, run: Run, *, replaces: bool = False) -> Acceptance:
    """Insert all rows of `run`; what the database made of its claim to be the accepted one.

    A finished Run that `replaces` demotes the one accepted before it, unless that one counts and
    the new one does not.
    """
    record = to_record(run)
    where = f"run {run.id}"
    insert_once(
        connection,
        schema.plans,
        {
            "digest": run.plan.digest,
            "workload": run.plan.workload,
            "json": to_text(record["plan"], where=where),
        },
    )
    fingerprint = write_environment(connection, run.environment)
    if replaces and run.status == "finished":
        _demote(connection, run, fingerprint)
    acceptance = _claim(connection, run, _run_row(run, record, fingerprint))
    for table in _PARTS:
        rows = [
            {"run_id": run.id, "position": position, **part}
            for position, part in enumerate(record[table.name])
        ]
        if rows:
            connection.execute(insert(table), rows)
    return acceptance


def write_environment(connection: Connection, environment: Environment) -> str:
    """Insert `environment` without what is volatile, where it is not stored; its fingerprint."""
    fingerprint = environment.fingerprint
    stable = {key: value for key, value in environment.to_json().items() if key != "volatile"}
    text = to_text(stable, where=f"environment {fingerprint[:12]}")
    insert_once(connection, schema.environments, {"fingerprint": fingerprint, "json": text})
    return fingerprint


def insert_once(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Whether `row` was inserted; False when a unique index has one like it."""
    # The row asked back tells; PostgreSQL's driver gives no count of rows for such a statement.
    statement = unless_there(connection, table).values(row).returning(*table.primary_key)
    return connection.execute(statement).first() is not None


def unless_there(connection: Connection, table: Table) -> Any:
    """An insert into `table` that leaves out rows a unique index has already."""
    # Not a savepoint around a plain insert: when its disk is full SQLite ends the whole
    # transaction, and the vanished savepoint would hide the reason.
    return _INSERTS[connection.dialect.name](table).on_conflict_do_nothing()


def in_parts(values: Sequence[str]) -> Iterable[Sequence[str]]:
    """`values` in parts that a database takes as parameters of one query."""
    return (values[at : at + _PER_QUERY] for at in range(0, len(values), _PER_QUERY))


def is_stored(connection: Connection, run_id: str) -> bool:
    """Whether there is a Run with exactly this id."""
    query = select(schema.runs.c.id).where(schema.runs.c.id == run_id)
    return connection.execute(query).first() is not None


def read_record(connection: Connection, run_id: str) -> dict[str, Any] | None:
    """The record of a Run as `to_record` made it, None when there is no such Run."""
    query = (
        select(
            schema.runs,
            schema.plans.c.json.label("plan_json"),
            schema.environments.c.json.label("environment_json"),
        )
        .join(schema.plans)
        .join(schema.environments)
        .where(schema.runs.c.id == run_id)
    )
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    details = from_text(row["details"])
    record = {name: row[name] for name in ("id", "status", "started_utc")}
    # A Run stored by an earlier version lacks what was added since.
    record |= {name: details[name] for name in _DETAILS if name in details}
    record["error"] = None if row["error"] is None else from_text(row["error"])
    record["plan"] = from_text(row["plan_json"])
    volatile = {"volatile": details["volatile"]}
    record["environment"] = from_text(row["environment_json"]) | volatile
    return record | {table.name: _read_parts(connection, table, run_id) for table in _PARTS}


def read_conditions(connection: Connection, run_id: str) -> list[Condition]:
    """The conditions of a Run, in their order; none for a Run that is not stored."""
    return [Condition(**part) for part in _read_parts(connection, schema.conditions, run_id)]


def summaries(connection: Connection, rows: Sequence[RowMapping]) -> list[RunSummary]:
    """Rows of `summary_columns` with their metrics, as summaries in the same order."""
    metrics = _metrics_of(connection, [row["id"] for row in rows])
    return [_summary(row, metrics.get(row["id"], ())) for row in rows]


def summary_columns() -> tuple[Any, ...]:
    """The columns of `runs` that a summary is made from."""
    return (*_SUMMARY_COLUMNS, schema.runs.c.error)


def remove_run(connection: Connection, run_id: str) -> None:
    """Delete a Run, and its plan and environment where nothing else has them."""
    runs = schema.runs.c
    query = select(runs.plan_digest, runs.fingerprint).where(runs.id == run_id)
    plan_digest, fingerprint = connection.execute(query).one()
    for table in _PARTS:
        connection.execute(delete(table).where(table.c.run_id == run_id))
    connection.execute(delete(schema.runs).where(runs.id == run_id))
    _delete_unused(connection, schema.plans.c.digest, plan_digest, (runs.plan_digest,))
    users = (runs.fingerprint, schema.benchmark_results.c.fingerprint)
    _delete_unused(connection, schema.environments.c.fingerprint, fingerprint, users)


def _delete_unused(
    connection: Connection, key: Column[str], value: str, users: Iterable[Column[str]]
) -> None:
    queries = (select(user).where(user == value).limit(1) for user in users)
    if all(connection.execute(query).first() is None for query in queries):
        connection.execute(delete(key.table).where(key == value))


def _run_row(run: Run, record: Mapping[str, Any], fingerprint: str) -> dict[str, Any]:
    plan, where = run.plan, f"run {run.id}"
    details = {name: record[name] for name in _DETAILS}
    details["volatile"] = record["environment"]["volatile"]
    return {
        "id": run.id,
        "plan_digest": plan.digest,
        "fingerprint": fingerprint,
        "status": run.status,
        "started_utc": run.started_utc,
        "workload": plan.workload,
        "model": plan.model.name,
        "model_version": plan.model.version,
        "framework": plan.framework.name,
        "framework_version": plan.framework.version,
        "dataset": plan.dataset.name,
        "dataset_version": plan.dataset.version,
        "task": plan.model.task,
        "scenario": plan.scenario.name,
        "batch_size": plan.batch_size,
        "samples": len(run.samples),
        "items": len(run.items),
        "is_valid": run.is_valid,
        "error": None if run.error is None else to_text(record["error"], where=where),
        "details": to_text(details, where=where),
        **latencies(run.samples),
    }


def _claim(connection: Connection, run: Run, row: dict[str, Any]) -> Acceptance:
    """Insert the row of a Run: as the accepted one if it finished and is the first to."""
    if run.status != "finished":
        connection.execute(insert(schema.runs), row | {"acceptance": "none"})
        return "none"
    if insert_once(connection, schema.runs, row | {"acceptance": "accepted"}):
        return "accepted"
    connection.execute(insert(schema.runs), row | {"acceptance": "superseded"})
    return "superseded"


def _demote(connection: Connection, run: Run, fingerprint: str) -> None:
    runs = schema.runs.c
    same = (runs.plan_digest == run.plan.digest, runs.fingerprint == fingerprint)
    demoted = update(schema.runs).where(*same, runs.acceptance == "accepted")
    if not run.is_valid:
        demoted = demoted.where(runs.is_valid.is_(False))
    connection.execute(demoted.values(acceptance="superseded"))


def _read_parts(connection: Connection, table: Table, run_id: str) -> list[dict[str, Any]]:
    columns = [column for column in table.columns if column.name not in ("run_id", "position")]
    query = select(*columns).where(table.c.run_id == run_id).order_by(table.c.position)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    return [_with_nan(row) for row in rows] if table is schema.metrics else rows


def _metrics_of(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[Metric, ...]]:
    found: dict[str, list[Metric]] = {}
    for some in in_parts(ids):
        table = schema.metrics
        query = select(table).where(table.c.run_id.in_(some)).order_by(table.c.position)
        for row in connection.execute(query).mappings():
            fields = {key: row[key] for key in row if key not in ("run_id", "position")}
            found.setdefault(row["run_id"], []).append(Metric(**_with_nan(fields)))
    return {run_id: tuple(metrics) for run_id, metrics in found.items()}


def _with_nan(metric: dict[str, Any]) -> dict[str, Any]:
    # SQLite has no NaN: it keeps one as NULL.
    return metric | {"value": math.nan} if metric["value"] is None else metric


def _summary(row: RowMapping, metrics: tuple[Metric, ...]) -> RunSummary:
    fields = {column.name: row[column.name] for column in _SUMMARY_COLUMNS}
    error = None if row["error"] is None else from_text(row["error"]).get("what", "")
    return RunSummary(**fields, error=error, metrics=metrics)
