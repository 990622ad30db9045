"""`Tracer`: one profiler among several that know nothing of one another.

A tracer is started before the measured iterations and stopped after them; what it saw is drained
outside the timed part, as spans on the trace clock. Merging finds the parents later.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, final

from dlscope.core.trace import Level, Trace


@dataclass(frozen=True)
class Diagnostic:
    """Something about a trace that its reader must know: `count` times `what`, of one `kind`."""

    kind: str
    what: str
    count: int = 1


@dataclass(frozen=True)
class Drained:
    """What a tracer saw. Parents that it does not know are `UNRESOLVED`."""

    trace: Trace = field(default_factory=Trace)
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True)
class Capability:
    """Whether a tracer can see `level` here, and if not, why not and how to mend it."""

    level: Level
    tracer: str
    is_available: bool = True
    reason: str = ""
    fix: str = ""


class Tracer(ABC):
    """A source of spans at `levels`.

    `environment` must be set before the process that is traced imports its framework. Times are
    known to `resolution_ns`. Tracers with the same `excludes` cannot run together.
    """

    name: ClassVar[str]
    levels: ClassVar[tuple[Level, ...]]
    environment: ClassVar[Mapping[str, str]] = {}
    resolution_ns: ClassVar[int] = 1
    excludes: ClassVar[str] = ""

    @final
    def start(self) -> None:
        """Begin to listen; what fails disables this tracer and is told as a diagnostic."""
        self._failure: Diagnostic | None = None
        self._attempt("start", self._start)

    @final
    def stop(self) -> None:
        """Stop listening. Nothing is converted yet."""
        if self._failure is None:
            self._attempt("stop", self._stop)

    @final
    def drain(self) -> Drained:
        """The spans since `start`, converted; to be called once, after `stop`."""
        found = Drained()
        if self._failure is None:

            def drain() -> None:
                nonlocal found
                found = self._drain()

            self._attempt("drain", drain)
        return found if self._failure is None else Drained(diagnostics=(self._failure,))

    @abstractmethod
    def _start(self) -> None: ...

    @abstractmethod
    def _stop(self) -> None: ...

    @abstractmethod
    def _drain(self) -> Drained: ...

    def _attempt(self, step: str, action: Callable[[], None]) -> None:
        try:
            action()
        # A profiler that fails must not take the model with it.
        except Exception as error:
            what = f"{self.name} failed to {step}: {str(error) or type(error).__name__}"
            self._failure = Diagnostic("tracer_failed", what)
