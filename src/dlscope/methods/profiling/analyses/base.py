"""`ProfileAnalysis`: a question about leveled experiments, and the table that answers it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar, final

from dlscope.core.analysis import Analysis
from dlscope.core.run import Run
from dlscope.core.table import Cell, Column, Table
from dlscope.core.trace import Level
from dlscope.methods.profiling.profile import Profile
from dlscope.reporting.words import plural

Record = Mapping[str, Cell]
WORKLOAD = "profiling"
SUBJECT = (
    Column("model", "str", "model that was profiled"),
    Column("backend", "str", "framework that ran it"),
    Column("threads", "int", "threads of a prediction", role="count"),
)
BATCH = Column("batch_size", "int", "items in one forward call", role="count")


class ProfileAnalysis(Analysis):
    """Declares its question, the levels it needs, its formula and its columns.

    Every table begins with the model, the framework and its threads. A profile without a needed
    level gives no rows; the note of the table says why.
    """

    title: ClassVar[str]
    formula: ClassVar[str]
    needs: ClassVar[tuple[Level, ...]]
    columns: ClassVar[tuple[Column, ...]]

    @final
    def of_profiles(self, profiles: Sequence[Profile]) -> Table:
        """The table over `profiles`, in their order."""
        missing = sorted({reason for each in profiles if (reason := self._lacks(each))})
        records = [
            {**subject(profile), **record}
            for profile in profiles
            if not self._lacks(profile)
            for record in self._records(profile, profiles)
        ]
        note = "; ".join([self.formula, *missing]) if missing else self.formula
        title = f"{self.name.upper()} {self.title}"
        return Table.of(self.name, (*SUBJECT, *self.columns), records, title=title, note=note)

    @final
    def _table(self, runs: Sequence[Run]) -> Table:
        return self.of_profiles([Profile(run) for run in runs if run.plan.workload == WORKLOAD])

    def _lacks(self, profile: Profile) -> str:
        absent = [level.name for level in self.needs if level not in profile.levels]
        if absent:
            return f"level {', '.join(absent)} was not profiled"
        if profile.model is None:
            return "no iteration was measured"
        return self._reason(profile)

    def _reason(self, profile: Profile) -> str:
        """Why there is nothing to tell of `profile` although it has the levels; empty if not so."""
        del profile
        return ""

    @abstractmethod
    def _records(self, profile: Profile, profiles: Sequence[Profile]) -> Iterable[Record]: ...


def subject(profile: Profile) -> dict[str, Cell]:
    """Who was profiled, and how."""
    plan = profile.run.plan
    return {
        "model": plan.model.name,
        "backend": plan.framework.name,
        "threads": profile.threads,
    }


def is_of(row: Mapping[str, Cell], profile: Profile) -> bool:
    """Whether a row with a batch tells of `profile`."""
    mine = {**subject(profile), "batch_size": profile.batch_size}
    return all(row[name] == cell for name, cell in mine.items())


def named(row: Mapping[str, Cell]) -> str:
    """Whom a row with a batch tells of: `resnet18 on torch, batch 4`, or `…, 2 threads`."""
    threads = int(row["threads"] or 1)
    more = f", {plural(threads, 'thread')}" if threads > 1 else ""
    return f"{row['model']} on {row['backend']}, batch {row['batch_size']}{more}"


def microseconds(duration_ns: float | None) -> float | None:
    """The published unit of the paper's tables."""
    return None if duration_ns is None else duration_ns / 1e3


def percent(part: float | None, whole: float | None) -> float | None:
    """100 · part / whole, None where there is no whole."""
    return None if part is None or not whole else 100 * part / whole


def accumulated(values: Iterable[float | None]) -> Iterator[float]:
    """Running sums; what is missing adds nothing."""
    so_far = 0.0
    for value in values:
        so_far += value or 0.0
        yield so_far
