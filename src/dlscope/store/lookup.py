"""Finding Runs: by filter, page by page, and by the beginning of an id."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, and_, func, or_, select
from sqlalchemy.engine import Connection, RowMapping

from dlscope.core.errors import StoreError, did_you_mean
from dlscope.store import rows, schema
from dlscope.store.summary import RunFilter

_EQUAL = (
    *("task", "scenario", "workload", "status", "acceptance"),
    *("plan_digest", "fingerprint", "batch_size"),
)
_EMPTY = "the store holds no runs yet: measure one, or choose another place with $DLSCOPE_STORE"
_VERSIONED = ("model", "framework", "dataset")
SORTED = (
    *("started_utc", "model", "framework", "framework_version", "dataset", "scenario"),
    *("batch_size", "samples", "status", "p50_ns", "p90_ns", "queries_per_s", "id", "value"),
)
"""Columns by which Runs can be sorted; `value` is that of the headline metric, the first."""


def matching(connection: Connection, wanted: RunFilter) -> Sequence[RowMapping]:
    """Rows of the Runs that `wanted` accepts, newest first."""
    table = schema.runs
    query = select(*rows.summary_columns()).where(*_conditions(wanted))
    query = query.order_by(table.c.started_utc.desc(), table.c.id)
    if wanted.limit:
        query = query.limit(wanted.limit)
    return connection.execute(query).mappings().all()


def page(
    connection: Connection, wanted: RunFilter, keys: Sequence[str], *, offset: int, count: int
) -> Sequence[RowMapping]:
    """`count` rows after the first `offset` of those that `wanted` accepts, sorted by `keys`.

    A key is one of `SORTED`, after a `-` where the greatest comes first. Absent values come last
    and newer Runs before older ones. Raises `StoreError` for another key.
    """
    # Ids first: they come out of the indices, and only the rows of the page are read whole.
    query = select(schema.runs.c.id).where(*_conditions(wanted))
    if any(key.removeprefix("-") == "value" for key in keys):
        headline = and_(schema.metrics.c.run_id == schema.runs.c.id, schema.metrics.c.position == 0)
        query = query.outerjoin(schema.metrics, headline)
    for key in keys:
        query = query.order_by(*_order(key))
    query = query.order_by(schema.runs.c.started_utc.desc(), schema.runs.c.id.desc())
    ids = list(connection.scalars(query.offset(offset).limit(count)))
    table = schema.runs
    rows_of = select(*rows.summary_columns()).where(table.c.id.in_(ids))
    found = {row["id"]: row for row in connection.execute(rows_of).mappings()}
    return [found[each] for each in ids]


def count(connection: Connection, wanted: RunFilter) -> int:
    """How many Runs `wanted` accepts, whatever its limit."""
    query = select(func.count()).select_from(schema.runs).where(*_conditions(wanted))
    return connection.execute(query).scalar_one()


def choices(connection: Connection, name: str) -> list[str]:
    """The different texts in the indexed column `name` of the Runs, sorted."""
    # One step down the index for each text, however many Runs have it; all steps in one query,
    # since each would be a way to the server and back.
    column = schema.runs.c[name]
    step = select(func.min(column).label("text")).cte("step", recursive=True)
    following = select(func.min(column)).where(column > step.c.text).scalar_subquery()
    steps = step.union_all(select(following).where(step.c.text.is_not(None)))
    found = connection.scalars(select(steps.c.text).where(steps.c.text.is_not(None)))
    return sorted(str(text) for text in found)


def full_id(connection: Connection, given: str, *, where: str) -> str:
    """The id that is `given` or, alone, begins with it.

    Raises `StoreError` naming the candidates of an ambiguous beginning and the ids nearest to an
    unknown one.
    """
    if rows.is_stored(connection, given):
        return given
    found = _beginning(connection, given) if given else []
    if len(found) == 1:
        return found[0]
    if found:
        raise StoreError(
            f"{given!r} is the beginning of {len(found)} run ids",
            where=where,
            fix=f"give more of it: {_listed(found[:5])}",
        )
    ids = [str(each) for each in connection.scalars(select(schema.runs.c.id))]
    fix = f"did you mean {_listed(_nearest(given, ids))}?" if ids else _EMPTY
    raise StoreError(f"there is no run {given!r}", where=where, fix=fix)


def _conditions(wanted: RunFilter) -> list[ColumnElement[bool]]:
    columns = schema.runs.c
    conditions = [
        columns[name] == getattr(wanted, name)
        for name in _EQUAL
        if getattr(wanted, name) is not None
    ]
    for name in _VERSIONED:
        conditions += _versioned(columns[name], columns[f"{name}_version"], getattr(wanted, name))
    if wanted.since is not None:
        conditions.append(columns.started_utc >= wanted.since)
    if wanted.before is not None:
        conditions.append(columns.started_utc < wanted.before)
    if wanted.is_valid is not None:
        conditions.append(columns.is_valid.is_(wanted.is_valid))
    if wanted.text:
        parts = (columns[name].contains(wanted.text, autoescape=True) for name in _VERSIONED)
        conditions.append(or_(*parts, columns.id.startswith(wanted.text, autoescape=True)))
    return conditions


def _order(key: str) -> tuple[ColumnElement[Any], ...]:
    name = key.removeprefix("-")
    if name not in SORTED:
        raise StoreError(
            f"runs cannot be sorted by {name!r}", where="sort", fix=did_you_mean(name, SORTED)
        )
    column = schema.metrics.c.value if name == "value" else schema.runs.c[name]
    ordered = column.desc() if key.startswith("-") else column.asc()
    return (ordered.nulls_last(),) if column.nullable else (ordered,)


def _versioned(
    name: Column[str], version: Column[str], wanted: str | None
) -> list[ColumnElement[bool]]:
    if wanted is None:
        return []
    bare, at, exact = wanted.partition("@")
    return [name == bare, version == exact] if at else [name == bare]


def _beginning(connection: Connection, given: str) -> list[str]:
    """The ids that begin with `given`, sorted."""
    column = schema.runs.c.id
    query = select(column).where(column.startswith(given, autoescape=True))
    # SQLite's LIKE does not tell capital letters from small ones.
    return sorted(str(each) for each in connection.scalars(query) if each.startswith(given))


def _nearest(given: str, ids: Sequence[str]) -> list[str]:
    # Only as much of each id as was typed is compared: the rest says nothing about the typing.
    starts = {each[: len(given)]: each for each in sorted(ids, reverse=True)}
    near = difflib.get_close_matches(given, starts, n=3, cutoff=0.0)
    return [starts[start] for start in near]


def _listed(words: Sequence[str]) -> str:
    return " or ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else words[0]
