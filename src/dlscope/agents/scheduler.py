"""`Scheduler`: gives each Plan to a place that executes it and brings its Run home."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, final

from dlscope.agents.agent import Agent
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
    """Executes plans somewhere; each gives exactly one Run, failed ones included.

    One that is chosen by name is made with two arguments: the `HookPermission` of its workers, or
    None for that of the environment, and the address of its fleet, or None.
    """

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

    @final
    def fingerprints(self, plan: Plan) -> tuple[str, ...]:
        """Fingerprints of the environments in which it could carry out `plan`.

        What is finished in one of them need not be carried out again.
        """
        return self._fingerprints(plan)

    @final
    def agents(self) -> tuple[Agent, ...] | None:
        """The agents that it gives plans to, None when that is this machine alone."""
        return self._agents()

    @abstractmethod
    def _agents(self) -> tuple[Agent, ...] | None: ...

    @abstractmethod
    def _fingerprints(self, plan: Plan) -> tuple[str, ...]: ...

    @abstractmethod
    def _execute(self, assignments: Sequence[Assignment], observer: Observer) -> Iterator[Run]: ...
