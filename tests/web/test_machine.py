from __future__ import annotations

import threading
from pathlib import Path

import pytest

from dlscope.core.report import Report
from dlscope.reporting.document import document_of
from dlscope.web import machine as machines
from dlscope.web.machine import NEWER, Machine


def test_while_results_are_added_what_was_put_together_last_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results, may_end = [1], threading.Event()
    may_end.set()

    def answer_of(asked: object) -> object:
        may_end.wait(60)
        answer = f"of {results[0]}"
        return {"type": "end", "report": document_of(Report(title="Bounds", answer=answer))}

    monkeypatch.setattr(machines, "answer_of", answer_of)
    monkeypatch.setattr(Machine, "_results", lambda _self: results[0])
    machine = Machine(None, tmp_path)
    monkeypatch.setattr(machines, "_PATIENCE_S", 60)
    first = machine.known_soon("bounds", "tiny", {})
    assert first is not None
    assert (first.answer, first.warnings) == ("of 1", ())

    may_end.clear()
    results[0] = 2
    monkeypatch.setattr(machines, "_PATIENCE_S", 0.01)
    meanwhile = machine.known_soon("bounds", "tiny", {})
    assert meanwhile is not None
    assert (meanwhile.answer, meanwhile.warnings) == ("of 1", (NEWER,))
    assert machine.known_soon("bricks", "tiny", {}) is None

    may_end.set()
    monkeypatch.setattr(machines, "_PATIENCE_S", 60)
    then = machine.known_soon("bounds", "tiny", {})
    assert then is not None
    assert (then.answer, then.warnings) == ("of 2", ())


def test_a_report_is_kept_as_of_the_results_that_it_was_begun_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = [1]

    def answer_of(asked: object) -> object:
        results[0] += 1  # one was added while the report was put together
        answer = f"before {results[0]}"
        return {"type": "end", "report": document_of(Report(title="Bounds", answer=answer))}

    monkeypatch.setattr(machines, "answer_of", answer_of)
    monkeypatch.setattr(Machine, "_results", lambda _self: results[0])
    machine = Machine(None, tmp_path)
    told = [machine.known("bounds", "tiny", {}).answer for _ in range(2)]
    assert told == ["before 2", "before 3"]
