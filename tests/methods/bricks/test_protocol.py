from __future__ import annotations

import pytest

from dlscope.core.errors import PlanError
from dlscope.methods.bricks.protocol import CLOCKS, Protocol


def test_survives_being_written_down() -> None:
    asked = Protocol(scope="model", threads=2, min_rounds=3, max_seconds=0.5, is_in_place=False)
    assert Protocol.from_json(asked.to_json()) == asked


@pytest.mark.parametrize(
    "change",
    [
        {"scope": "model"},
        {"is_shared_arena": False},
        {"is_planned": False},
        {"is_in_place": False},
        {"nulls": 8},
        {"null_every": 1},
        {"is_quick": True},
    ],
)
def test_another_way_of_measuring_is_another_identity(change) -> None:
    assert Protocol(**change).digest != Protocol().digest


def test_what_was_measured_before_there_was_a_quick_way_keeps_its_identity() -> None:
    assert Protocol().digest == "623933214e59343c"


def test_one_thread_is_timed_by_its_own_clock() -> None:
    assert [CLOCKS[Protocol(threads=each).clock] for each in (1, 2)] == ["cpu", "wall"]


def test_how_often_and_how_long_is_no_part_of_the_identity() -> None:
    more = Protocol(min_rounds=99, max_seconds=1.0, processes=7, threads=4)
    assert more.digest == Protocol().digest


REFUSED = {
    "scope": (
        {"scope": "layer"},
        "PlanError: 'layer' is no scope\n  where  scope\n  fix    use suite or model",
    ),
    **{
        name: (
            {name: 0},
            f"PlanError: {name} is 0\n  where  protocol\n  fix    ask for at least 1",
        )
        for name in ("threads", "min_rounds", "processes", "nulls", "null_every")
    },
    "never": (
        {"max_seconds": float("nan")},
        "PlanError: max_seconds is nan\n  where  protocol\n  fix    ask for a number of seconds",
    ),
    "negative": (
        {"max_seconds": -1.0},
        "PlanError: max_seconds is -1.0\n  where  protocol\n  fix    ask for a number of seconds",
    ),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_refuses_what_cannot_be_done(wrong: str) -> None:
    fields, message = REFUSED[wrong]
    with pytest.raises(PlanError) as refused:
        Protocol(**fields)
    assert str(refused.value) == message
