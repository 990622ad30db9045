from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dlscope.core.errors import MeasurementError
from dlscope.stacks import machine_rates as module
from dlscope.stacks.machine_rates import Measurement, fastest_s, machine_rates, tell_rates

SPEED = Measurement("speed of the machine", "dlscope.stacks.ceilings", ("up", "down"))

Told = Callable[..., list[int]]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Lets the child tell these pairs of rates, one at each measurement."""

    def tell(*pairs: tuple[float, float], waited_share: float = 0.0) -> list[int]:
        asked: list[int] = []

        def measured(_: Measurement) -> dict[str, object]:
            up, down = pairs[len(asked)]
            asked.append(1)
            return {"rates": {"up": up, "down": down}, "waited_share": waited_share}

        monkeypatch.setattr(module, "_measured", measured)
        return asked

    return tell


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now = module.time.time()
    monkeypatch.setattr(module.time, "time", lambda: now + seconds)


def test_calm_rates_are_measured_once(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = told((3.0, 4.0))
    first = machine_rates(SPEED)
    later(monkeypatch, 1e6)
    assert first == machine_rates(SPEED) == {"up": 3.0, "down": 4.0}
    assert len(asked) == 1


def test_disturbed_rates_are_believed_for_a_minute_and_the_higher_are_kept(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = told((3.0, 4.0), (2.0, 5.0), waited_share=0.3)
    assert machine_rates(SPEED) == machine_rates(SPEED) == {"up": 3.0, "down": 4.0}
    assert len(asked) == 1
    later(monkeypatch, 61)
    assert machine_rates(SPEED) == machine_rates(SPEED) == {"up": 3.0, "down": 5.0}
    assert len(asked) == 2


def test_each_number_of_threads_and_each_module_has_rates_of_its_own(told: Told) -> None:
    asked = told((1.0, 1.0), (2.0, 2.0), (3.0, 3.0))
    others = (
        Measurement(SPEED.what, SPEED.module, SPEED.names, threads=2),
        Measurement(SPEED.what, "dlscope.methods.bounds.peaks", SPEED.names),
    )
    assert [machine_rates(each)["up"] for each in (SPEED, *others)] == [1.0, 2.0, 3.0]
    assert len(asked) == 3


@pytest.mark.parametrize("text", ["", "{", "[]", '{"up": 1}', '{"up": 1, "down": "x"}'])
def test_a_damaged_file_is_measured_anew(told: Told, text: str) -> None:
    told((1.0, 2.0), (1.0, 2.0))
    machine_rates(SPEED)
    SPEED.file().write_text(text, encoding="utf-8")
    assert machine_rates(SPEED) == {"up": 1.0, "down": 2.0}
    assert json.loads(SPEED.file().read_text(encoding="utf-8"))["up"] == 1.0


def test_a_machine_that_cannot_be_measured_is_told() -> None:
    # NumPy cannot make an array of so many bytes.
    huge = Measurement(SPEED.what, SPEED.module, SPEED.names, arguments=(str(1 << 62),))
    with pytest.raises(MeasurementError) as caught:
        machine_rates(huge)
    assert caught.value.what.startswith("the speed of the machine cannot be measured: ")
    assert "Error" in caught.value.what
    assert (caught.value.where, caught.value.fix) == (
        "dlscope.stacks.ceilings",
        "free memory, or leave the roofline out",
    )
    assert not huge.file().exists()


def test_the_child_tells_how_long_it_stood_in_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    times, waits = iter((1000, 2000)), iter((50, 300))
    monkeypatch.setattr(module.time, "perf_counter_ns", lambda: next(times))
    monkeypatch.setattr(module, "waited_ns", lambda: next(waits))
    tell_rates(lambda: {"up": 1.0})
    assert json.loads(capsys.readouterr().out) == {"rates": {"up": 1.0}, "waited_share": 0.25}


def test_the_fastest_repetition_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter((0.0, 5.0, 6.0, 8.0, *(10.0 * each for each in range(1, 11))))
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(ticks))
    assert fastest_s(lambda: None) == 2.0
