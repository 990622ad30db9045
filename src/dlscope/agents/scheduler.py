"""`Scheduler`: gives each Plan to a place that executes it and brings its Run home."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, final

from dlscope.core.plan import Plan
from dlscope.core.run import Run

Observer = Callable[[Plan, Mapping[str, Any]], None]
"""Told how a Plan comes along: `{"step": name, "share": 0…1, …}`."""


def _ignore(plan: Plan, event: Mapping[str, Any]) -> None:
    del plan, event


def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Assignment:
    """One Plan and the folder in which its partial results survive an interruption.

    `instead` is asked when the Plan's turn comes: a Run that it gives stands for the Plan, which
    is then not carried out.
    """

    plan: Plan
    partial: Path
    instead: Callable[[], Run | None] = _nothing


class Scheduler(ABC):
    """Executes plans somewhere; each gives exactly one Run, failed ones included."""

    name: ClassVar[str]

    @final
    def execute(
        self, assignments: Sequence[Assignment], observer: Observer = _ignore
    ) -> Iterator[Run]:
        """Runs in the order in which they end.

        On Ctrl-C the current query is finished, its Run is given as `aborted`, and
        KeyboardInterrupt follows.
        """
        return self._execute(assignments, observer)

    @abstractmethod
    def _execute(self, assignments: Sequence[Assignment], observer: Observer) -> Iterator[Run]: ...
