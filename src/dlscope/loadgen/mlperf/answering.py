"""Between LoadGen and the system under test: every query is answered, and completed exactly once.

Nothing may leave these callbacks as an exception: it would unwind LoadGen's own frames and leave
its process-wide logger behind in pieces. What happens is kept, and raised when the test is over.
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from array import array
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, final

from dlscope.core.errors import DlscopeError, MeasurementError
from dlscope.loadgen.closed_loop import Watch
from dlscope.loadgen.mlperf.keys import LoadGenScenario
from dlscope.loadgen.system_under_test import Query, SystemUnderTest
from dlscope.tracing.clock import Clock

FAILED, ANSWERED, SKIPPED = 0, 1, 2
"""What became of a sample; skipped is one that LoadGen still asked for after the test was ended."""

Queries = Sequence[Any]
Complete = Callable[[Queries, Sequence[bytes]], None]
"""Tells LoadGen that these are done, with the bytes of each answer where there are any."""


class RespondingSystem(SystemUnderTest):
    """A system that also gives its answers, so that LoadGen can log them for accuracy."""

    @abstractmethod
    def respond(self, samples: Query) -> Sequence[bytes]:
        """Answer one query and give the bytes of each sample's answer, in their order."""

    @final
    def answer(self, samples: Query) -> None:
        """Answer one query, and drop the answers."""
        self.respond(samples)


@final
class Answering:
    """Answers LoadGen's queries with `system` and keeps what became of each sample, in order.

    A stream is answered in the issuing thread, offline `part` samples at a time there; a server's
    queries go to one worker thread, so that the issuing thread keeps its schedule.
    """

    def __init__(
        self,
        system: SystemUnderTest,
        scenario: LoadGenScenario,
        complete: Complete,
        watch: Watch,
        clock: Clock,
        part: int = 1,
    ) -> None:
        self.issued_ns = array("q")
        self.outcomes = bytearray()
        self.error: BaseException | None = None
        self.is_ended = False
        self._system = system
        self._complete = complete
        self._watch = watch
        self._now_ns = clock.now_ns
        self._part = part if scenario == "Offline" else 0
        self._queue: SimpleQueue[Queries | None] = SimpleQueue()
        self._worker = threading.Thread(target=self._serve, name="loadgen-server", daemon=True)
        self._is_server = scenario == "Server"

    def __enter__(self) -> Answering:
        if self._is_server:
            self._worker.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._is_server:
            self._queue.put(None)
            self._worker.join()

    def issue(self, queries: Queries) -> None:
        """LoadGen's IssueQuery: the samples of one query, offline of all."""
        now_ns = self._now_ns()
        if self._is_server:
            # LoadGen may hand over several queries at once, each of one sample.
            self.issued_ns.extend([now_ns] * len(queries))
            self._queue.put(queries)
            return
        self.issued_ns.append(now_ns)
        size = self._part or len(queries)
        for first in range(0, len(queries), size):
            self._finish(queries[first : first + size])

    def flush(self) -> None:
        """LoadGen's FlushQueries: nothing is held back."""

    def load(self, samples: Sequence[int]) -> None:
        """LoadGen's LoadSamplesToRam."""
        self._guarded(lambda: self._system.load(samples))

    def unload(self, samples: Sequence[int]) -> None:
        """LoadGen's UnloadSamplesFromRam."""
        self._guarded(lambda: self._system.unload(samples))

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except BaseException as error:
            self.end(error)

    def _serve(self) -> None:
        while (queries := self._queue.get()) is not None:
            self._finish(queries)

    def _finish(self, queries: Queries) -> None:
        outcome, answers = SKIPPED, ()  # type: tuple[int, Sequence[bytes]]
        if not self.is_ended:
            outcome, answers = self._answered(tuple(query.index for query in queries))
        self._complete(queries, answers)
        self.outcomes.extend([outcome] * len(queries))
        if outcome != SKIPPED:
            self._guarded(self._look)

    def _answered(self, samples: Query) -> tuple[int, Sequence[bytes]]:
        system = self._system
        try:
            if isinstance(system, RespondingSystem):
                return ANSWERED, _one_for_each(system.respond(samples), samples)
            system.answer(samples)
        except DlscopeError:
            return FAILED, ()
        except BaseException as error:
            self.end(error)
            return FAILED, ()
        return ANSWERED, ()

    def _look(self) -> None:
        if self._watch(len(self.outcomes), self._now_ns() - self.issued_ns[0]):
            self.is_ended = True

    def end(self, error: BaseException) -> None:
        """Ask nothing more of the system, because of `error`; the first one is kept."""
        self.is_ended = True
        self.error = self.error or error


def _one_for_each(answers: Sequence[bytes], samples: Sequence[int]) -> Sequence[bytes]:
    if len(answers) != len(samples):
        raise MeasurementError(
            f"{len(answers)} answers were given for {len(samples)} samples",
            where="system under test",
            fix="give the bytes of one answer for each sample",
        )
    return [bytes(answer) for answer in answers]
