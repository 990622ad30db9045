from __future__ import annotations

from typing import ClassVar, final

import pytest

from dlscope.core.trace import Level, Span, Trace
from dlscope.tracing.tracer import Diagnostic, Drained, Tracer

SPAN = Span(1, -1, Level.LAYER, "conv", 0, 10)


@final
class Broken(Tracer):
    """Does what it should up to the step that it is told to fail at."""

    name: ClassVar[str] = "broken"
    levels: ClassVar[tuple[Level, ...]] = (Level.LAYER,)

    def __init__(self, step: str = "", error: Exception | None = None) -> None:
        self.done: list[str] = []
        self._step = step
        self._error = error or RuntimeError("no such device")

    def _start(self) -> None:
        self._do("start")

    def _stop(self) -> None:
        self._do("stop")

    def _drain(self) -> Drained:
        self._do("drain")
        return Drained(Trace([SPAN]), (Diagnostic("capped", "events", 2),))

    def _do(self, step: str) -> None:
        if step == self._step:
            raise self._error
        self.done.append(step)


def drained(tracer: Tracer) -> Drained:
    tracer.start()
    tracer.stop()
    return tracer.drain()


def test_a_tracer_gives_what_it_saw_and_what_to_know_of_it() -> None:
    tracer = Broken()
    found = drained(tracer)
    assert tracer.done == ["start", "stop", "drain"]
    assert found.trace == Trace([SPAN])
    assert found.diagnostics == (Diagnostic("capped", "events", 2),)


@pytest.mark.parametrize(
    ("step", "done"), [("start", []), ("stop", ["start"]), ("drain", ["start", "stop"])]
)
def test_one_that_fails_is_left_alone_and_tells_it_as_a_diagnostic(
    step: str, done: list[str]
) -> None:
    tracer = Broken(step)
    found = drained(tracer)
    assert tracer.done == done
    assert len(found.trace) == 0
    assert found.diagnostics == (
        Diagnostic("tracer_failed", f"broken failed to {step}: no such device"),
    )


def test_an_error_without_words_is_told_by_its_kind() -> None:
    found = drained(Broken("start", MemoryError()))
    assert found.diagnostics[0].what == "broken failed to start: MemoryError"


def test_who_ends_the_program_is_not_stopped() -> None:
    with pytest.raises(KeyboardInterrupt):
        drained(Broken("start", KeyboardInterrupt()))  # type: ignore[arg-type]


def test_a_tracer_that_failed_can_be_started_again() -> None:
    tracer = Broken("stop")
    drained(tracer)
    tracer._step = ""
    assert len(drained(tracer).trace) == 1
