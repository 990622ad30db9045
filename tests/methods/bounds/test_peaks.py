from __future__ import annotations

import pytest

from dlscope.methods.bounds import peaks
from dlscope.methods.bounds.peaks import bytes_per_s, level_rates, measured_peaks
from dlscope.stacks.ceilings import MeasuredCeilings

RATES = {"L1d": 9e10, "L2": 8e10, "L3": 7e10, "memory": 2e10}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"L1d": 1 << 15, "L2": 1 << 20, "L3": 1 << 25}
    monkeypatch.setattr(peaks, "_sizes", lambda: sizes)
    monkeypatch.setattr(peaks, "ceilings", lambda _: MeasuredCeilings(1e11, 3e10, "told"))
    monkeypatch.setattr(peaks, "machine_rates", lambda _: RATES)


def test_peaks_are_those_of_the_levels_and_of_the_machine(machine) -> None:
    found = measured_peaks(1)
    assert found.flops_per_s == {"float32": 1e11}
    assert {level.name: level.bytes_per_s for level in found.levels} == {**RATES, "memory": 3e10}
    assert [level.size_bytes for level in found.levels] == [1 << 15, 1 << 20, 1 << 25, None]


def test_only_the_caches_of_each_core_are_faster_for_more_threads(machine) -> None:
    rates = {level.name: level.bytes_per_s for level in measured_peaks(2).levels}
    assert rates == {"L1d": 18e10, "L2": 16e10, "L3": 7e10, "memory": 3e10}


def test_memory_is_read_at_some_rate() -> None:
    assert bytes_per_s(1 << 16) > 0


@pytest.mark.slow
def test_nothing_is_slower_than_what_lies_beyond_it() -> None:
    rates = level_rates()
    ordered = [rates[name] for name in ("memory", "L3", "L2", "L1d") if name in rates]
    assert ordered == sorted(ordered)
