from __future__ import annotations

import subprocess

import pytest

from dlscope.backends.hardware_counters import counter_capability
from dlscope.core.trace import Level


@pytest.fixture(autouse=True)
def _asked_anew():
    counter_capability.cache_clear()
    yield
    counter_capability.cache_clear()


def test_says_why_there_are_no_counters_by_layer() -> None:
    found = counter_capability()
    assert (found.level, found.is_available) == (Level.COUNTER, False)
    assert found.reason
    assert found.fix == "use the work that is computed from the shapes"


def test_without_perf_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert counter_capability().reason == "perf, which reads hardware counters, is not installed"


def test_asks_the_machine_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = counter_capability()

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("asked twice")

    monkeypatch.setattr(subprocess, "run", refuse)
    assert counter_capability() is found
