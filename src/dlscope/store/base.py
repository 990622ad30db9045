"""`Store`: keeps Runs, and accepts exactly one finished Run for a Plan on an environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, final

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from dlscope.core.errors import StoreError
from dlscope.core.plan import Plan
from dlscope.core.run import Condition, Environment, Run
from dlscope.store import exchange, lookup, rows, schema
from dlscope.store.benchmarks import Benchmarks
from dlscope.store.database import Database
from dlscope.store.files import RunFiles
from dlscope.store.location import Location
from dlscope.store.plain import from_text
from dlscope.store.record import from_record
from dlscope.store.refusal import refusals
from dlscope.store.summary import RunFilter, RunSummary, StoreSize


@final
class Store:
    """A database of small values and a folder of Parquet files, always in step.

    The files of a Run are complete before its row is committed, so whoever sees the row can read
    the files, whenever a writer is killed. Threads and processes may use one store together.
    """

    def __init__(self, location: Location, database: Database) -> None:
        self.location = location
        self._database = database
        self._files = RunFiles(location.folder)
        self.benchmarks = Benchmarks(database)

    @classmethod
    def open(
        cls,
        location: str | Path | None = None,
        *,
        folder: Path | None = None,
        busy_timeout_s: float = 30.0,
    ) -> Self:
        """The store at `location`, created or migrated where needed; see `Location.of`.

        A writer waits up to `busy_timeout_s` for another to finish. Raises `StoreError` when the
        place cannot be written, the database is damaged or locked, or its schema is too new.
        """
        place = Location.of(location, folder)
        store = cls(place, Database(place, busy_timeout_s=busy_timeout_s))
        try:
            store._files.prepare()
            store._database.prepare()
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Close the database; closing twice does nothing."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def accept(self, run: Run, *, replaces: bool = False) -> bool:
        """Store `run`; whether it is now the accepted Run of its Plan and environment.

        The first finished Run is accepted, later ones are kept as superseded; a finished Run that
        `replaces` is accepted in place of the one before, which becomes superseded, unless only
        the one before counts (`Run.is_valid`). Failed and
        aborted Runs are kept and never accepted. Raises `StoreError` for an id already stored.
        """
        if not exchange.is_safe_id(run.id):
            raise StoreError(
                f"{run.id!r} cannot be a run id",
                where=self.location.shown,
                fix="use letters, digits, '-', '_' and '.', at most 128",
            )
        temporary = self._files.write(run)
        try:
            with self._database.writing() as connection:
                self._refuse_stored(connection, run.id)
                acceptance = rows.write_run(connection, run, replaces=replaces)
                self._files.publish(temporary, run.id)
        except BaseException:
            self._files.discard(temporary)
            raise
        if run.status == "finished":
            self._files.remove_partial(run.plan.digest)
        return acceptance == "accepted"

    def finished(self, plan_digest: str, fingerprint: str) -> str | None:
        """Id of the accepted Run of a Plan on an environment, None when there is none yet."""
        wanted = RunFilter(plan_digest=plan_digest, fingerprint=fingerprint, acceptance="accepted")
        with self._database.reading() as connection:
            found = lookup.matching(connection, wanted)
        return str(found[0]["id"]) if found else None

    def run(self, run_id: str) -> Run:
        """The Run whose id is `run_id`, or alone begins with it, as it was stored.

        Raises `StoreError` for an unknown or ambiguous id, and for damaged files.
        """
        with self._database.reading() as connection:
            full = lookup.full_id(connection, run_id, where=self.location.shown)
            record = rows.read_record(connection, full)
        if record is None:  # deleted by another process since its id was found
            raise self._missing(f"run {full!r}")
        samples, trace, items = self._files.read(full)
        return from_record(record, samples, trace, items)

    def has(self, run_id: str) -> bool:
        """Whether a Run with exactly this id is stored."""
        with self._database.reading() as connection:
            return rows.is_stored(connection, run_id)

    def runs(self, wanted: RunFilter | None = None) -> list[RunSummary]:
        """Summaries of the Runs that `wanted` accepts, newest first; no Parquet file is read."""
        with self._database.reading() as connection:
            found = lookup.matching(connection, wanted or RunFilter())
            return rows.summaries(connection, found)

    def page(
        self, wanted: RunFilter, keys: Sequence[str] = (), *, offset: int = 0, count: int = 50
    ) -> list[RunSummary]:
        """`count` summaries after the first `offset` of those that `wanted` accepts.

        Sorted by `keys`, names of columns with a `-` where the greatest comes first, then newest
        first. Raises `StoreError` for an unknown key.
        """
        with self._database.reading() as connection:
            found = lookup.page(connection, wanted, keys, offset=offset, count=count)
            return rows.summaries(connection, found)

    def count(self, wanted: RunFilter) -> int:
        """How many Runs `wanted` accepts, whatever its limit."""
        with self._database.reading() as connection:
            return lookup.count(connection, wanted)

    def conditions(self, run_id: str) -> list[Condition]:
        """What must hold for the Run with exactly this id to be valid; no file is read."""
        with self._database.reading() as connection:
            return rows.read_conditions(connection, run_id)

    def choices(self) -> Mapping[str, list[str]]:
        """What listings can be filtered by: the tasks, models, frameworks … of all Runs."""
        with self._database.reading() as connection:
            return {name: lookup.choices(connection, name) for name in _CHOSEN}

    def plan(self, plan_digest: str) -> Plan:
        """The Plan with this digest. Raises `StoreError` when no Run of it is stored."""
        query = select(schema.plans.c.json).where(schema.plans.c.digest == plan_digest)
        with self._database.reading() as connection:
            text = connection.execute(query).scalar()
        if text is None:
            raise self._missing(f"plan {plan_digest!r}")
        return Plan.model_validate(from_text(text))

    def environment(self, fingerprint: str) -> Environment:
        """The environment with this fingerprint, without what is volatile.

        Raises `StoreError` when nothing measured on it is stored.
        """
        table = schema.environments.c
        query = select(table.json).where(table.fingerprint == fingerprint)
        with self._database.reading() as connection:
            text = connection.execute(query).scalar()
        if text is None:
            raise self._missing(f"environment {fingerprint!r}")
        return Environment(**from_text(text))

    def delete(self, run_id: str) -> str:
        """Remove the Run whose id is `run_id`, or alone begins with it; its full id.

        Superseded Runs stay superseded: after an accepted Run is deleted its Plan is unfinished.
        Benchmarks are left alone, and so is an environment that they were measured on.
        """
        with self._database.writing() as connection:
            full = lookup.full_id(connection, run_id, where=self.location.shown)
            rows.remove_run(connection, full)
        self._files.remove(full)
        return full

    def partial_folder(self, plan_digest: str) -> Path:
        """Folder for the partial results of an unfinished Plan; removed once a Run finishes."""
        return self._files.partial(plan_digest)

    def export(self, directory: Path, ids: Iterable[str]) -> tuple[str, ...]:
        """Write Runs as a plain folder; their full ids. See `dlscope.store.exchange`."""
        with self._database.reading() as connection:
            full = [lookup.full_id(connection, each, where=self.location.shown) for each in ids]
            order = {each["id"]: each["acceptance"] for each in lookup.matching(connection, _ALL)}
        # Accepted Runs first, so that an empty store accepts the same ones.
        full.sort(key=lambda run_id: order[run_id] != "accepted")
        with refusals(str(directory)):
            exchange.make_folder(directory)
            digests = {each: exchange.export_run(directory, self.run(each)) for each in full}
            exchange.write_index(directory, digests)
        return tuple(full)

    def import_(self, directory: Path) -> tuple[str, ...]:
        """Store the Runs that `export` wrote; the ids of those that were not here before.

        Every Run is checked before the first is stored. Raises `StoreError` for a changed file.
        """
        with refusals(str(directory)):
            index = exchange.read_index(directory)
            with self._database.reading() as connection:
                new = [each for each in index if not rows.is_stored(connection, each)]
            runs = [exchange.import_run(directory, each, index[each]) for each in new]
        for run in runs:
            self.accept(run)
        return tuple(new)

    def size(self) -> StoreSize:
        """How much the store holds."""
        with self._database.reading() as connection:
            counts = {
                table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in _COUNTED
            }
            known = set(connection.scalars(select(schema.runs.c.id)))
        files_bytes, partial_bytes = self._files.size_bytes()
        return StoreSize(
            **counts,
            database_bytes=self._database.size_bytes(),
            files_bytes=files_bytes,
            partial_bytes=partial_bytes,
            leftovers=len(self._files.leftovers(known)),
        )

    def vacuum(self) -> StoreSize:
        """Remove what killed writers left behind, give space back, and say what remains.

        Only leftovers older than an hour go: a younger one may belong to a writer at work.
        """
        with self._database.reading() as connection:
            known = set(connection.scalars(select(schema.runs.c.id)))
        for folder in self._files.leftovers(known):
            self._files.discard(folder)
        self._database.compact()
        return self.size()

    def _refuse_stored(self, connection: Connection, run_id: str) -> None:
        if rows.is_stored(connection, run_id):
            raise StoreError(
                f"run {run_id!r} is already stored",
                where=self.location.shown,
                fix="give the new run an id of its own",
            )

    def _missing(self, what: str) -> StoreError:
        return StoreError(
            f"there is no {what}",
            where=self.location.shown,
            fix="list what there is: dlscope store list",
        )


_ALL = RunFilter()
_CHOSEN = ("task", "model", "framework", "dataset", "scenario")
_COUNTED = (
    *(schema.runs, schema.plans, schema.environments),
    *(schema.benchmarks, schema.benchmark_results),
)
