"""Finding Runs: by filter, and by the beginning of an id."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from sqlalchemy import Column, ColumnElement, select
from sqlalchemy.engine import Connection, RowMapping

from dlscope.core.errors import StoreError
from dlscope.store import rows, schema
from dlscope.store.summary import RunFilter

_EQUAL = (
    *("task", "scenario", "workload", "status", "acceptance"),
    *("plan_digest", "fingerprint", "batch_size"),
)
_VERSIONED = ("model", "framework", "dataset")


def matching(connection: Connection, wanted: RunFilter) -> Sequence[RowMapping]:
    """Rows of the Runs that `wanted` accepts, newest first."""
    table = schema.runs
    query = select(*rows.summary_columns()).where(*_conditions(wanted))
    query = query.order_by(table.c.started_utc.desc(), table.c.id)
    if wanted.limit:
        query = query.limit(wanted.limit)
    return connection.execute(query).mappings().all()


def full_id(connection: Connection, given: str, *, where: str) -> str:
    """The id that is `given` or, alone, begins with it.

    Raises `StoreError` naming the candidates of an ambiguous beginning and the ids nearest to an
    unknown one.
    """
    ids = [str(each) for each in connection.scalars(select(schema.runs.c.id))]
    if given in ids:
        return given
    found = sorted(each for each in ids if given and each.startswith(given))
    if len(found) == 1:
        return found[0]
    if found:
        raise StoreError(
            f"{given!r} is the beginning of {len(found)} run ids",
            where=where,
            fix=f"give more of it: {_listed(found[:5])}",
        )
    fix = f"did you mean {_listed(_nearest(given, ids))}?" if ids else "the store holds no runs yet"
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
    return conditions


def _versioned(
    name: Column[str], version: Column[str], wanted: str | None
) -> list[ColumnElement[bool]]:
    if wanted is None:
        return []
    bare, at, exact = wanted.partition("@")
    return [name == bare, version == exact] if at else [name == bare]


def _nearest(given: str, ids: Sequence[str]) -> list[str]:
    # Only as much of each id as was typed is compared: the rest says nothing about the typing.
    starts = {each[: len(given)]: each for each in sorted(ids, reverse=True)}
    near = difflib.get_close_matches(given, starts, n=3, cutoff=0.0)
    return [starts[start] for start in near]


def _listed(words: Sequence[str]) -> str:
    return " or ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else words[0]
