from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlscope.backends.base import TensorSpec
from dlscope.backends.mock import MockBackend, MockPredictor
from dlscope.core.errors import BackendError, PlanError
from dlscope.testing.small_models import SMALL_MODELS
from dlscope.tracing.clock import VirtualClock

IMAGE = TensorSpec("x", "float32", (None, 3))
SCORES = TensorSpec("y", "float64", (None, 2))


def _feeds(batch: int) -> dict[str, Any]:
    return {"x": np.zeros((batch, 3), np.float32)}


def test_takes_exactly_its_delay_on_a_virtual_clock() -> None:
    clock = VirtualClock(start_ns=100)
    predictor = MockPredictor((IMAGE,), (SCORES,), [10_000_000], clock)
    for _ in range(3):
        predictor.predict(_feeds(1))
    assert clock.now_ns() == 100 + 3 * 10_000_000


def test_takes_its_delays_in_turn() -> None:
    clock = VirtualClock()
    predictor = MockPredictor((IMAGE,), (SCORES,), [1, 20, 300], clock)
    ends = []
    for _ in range(5):
        predictor.predict(_feeds(1))
        ends.append(clock.now_ns())
    assert ends == [1, 21, 321, 322, 342]


def test_fails_every_third_prediction_after_its_delay() -> None:
    clock = VirtualClock()
    predictor = MockPredictor((IMAGE,), (SCORES,), [5], clock, fail_every=3)
    failed = []
    for number in range(1, 8):
        try:
            predictor.predict(_feeds(1))
        except BackendError as error:
            failed.append((number, str(error)))
    assert [number for number, _ in failed] == [3, 6]
    assert failed[0][1] == (
        "BackendError: the mock failed prediction 3, as it was told to\n"
        "  where  MockPredictor\n"
        "  fix    set fail_every to 0 (it is 3)"
    )
    assert clock.now_ns() == 35


@pytest.mark.parametrize("value", [0.0, 2.5])
def test_outputs_are_constant_and_as_many_as_were_fed(value: float) -> None:
    predictor = MockPredictor((IMAGE,), (SCORES,), [0], VirtualClock(), value=value)
    for batch in (1, 4, 2):
        scores = predictor.predict(_feeds(batch))["y"]
        np.testing.assert_array_equal(scores, np.full((batch, 2), value))
        assert scores.dtype == np.float64


def test_a_free_axis_follows_the_first_input_or_is_one() -> None:
    tokens = TensorSpec("x", "int64", (None, None, 8))
    states = TensorSpec("y", "float32", (None, None, None, None))
    predictor = MockPredictor((tokens,), (states,), [0], VirtualClock())
    outputs = predictor.predict({"x": np.zeros((2, 7, 8), np.int64)})
    assert outputs["y"].shape == (2, 7, 1, 1)


def test_waits_for_the_real_clock(tmp_path: Path) -> None:
    path = SMALL_MODELS["dense"].build(tmp_path / "model.onnx")
    options = {"delay_ns": 2_000_000, "load_delay_ns": 3_000_000}
    start_ns = time.perf_counter_ns()
    predictor = MockBackend().open(path, options)
    opened_ns = time.perf_counter_ns()
    predictor.predict({"x": SMALL_MODELS["dense"].feed(1)})
    assert opened_ns - start_ns >= 3_000_000
    assert time.perf_counter_ns() - opened_ns >= 2_000_000


def test_options_reach_the_predictor(tmp_path: Path) -> None:
    path = SMALL_MODELS["dense"].build(tmp_path / "model.onnx")
    predictor = MockBackend().open(path, {"delay_ns": [0, 1], "fail_every": 2, "value": 3})
    feeds = {"x": SMALL_MODELS["dense"].feed(1)}
    np.testing.assert_array_equal(predictor.predict(feeds)["y"], np.full((1, 10), 3.0))
    with pytest.raises(BackendError):
        predictor.predict(feeds)


@pytest.mark.parametrize(
    ("options", "option", "value", "fix"),
    [
        ({"fail_every": -1}, "fail_every", "-1", "a number greater than or equal to 0"),
        ({"load_delay_ns": -5}, "load_delay_ns", "-5", "a number greater than or equal to 0"),
        ({"delay_ns": -5}, "delay_ns.0", "-5", "a number greater than or equal to 0"),
        ({"delay_ns": [3, -1]}, "delay_ns.1", "-1", "a number greater than or equal to 0"),
        ({"delay_ns": "soon"}, "delay_ns", "'soon'", "a list"),
    ],
)
def test_refuses_what_is_no_duration(
    options: dict[str, Any], option: str, value: str, fix: str
) -> None:
    with pytest.raises(PlanError) as refusal:
        MockBackend().check(options)
    assert str(refusal.value) == (
        f"PlanError: backend 'mock': option '{option}' is {value}\n"
        f"  where  framework.options.{option}\n"
        f"  fix    use {fix}"
    )


def test_refuses_an_empty_list_of_delays() -> None:
    with pytest.raises(PlanError) as refusal:
        MockBackend().check({"delay_ns": []})
    assert str(refusal.value) == (
        "PlanError: backend 'mock': option 'delay_ns' is []\n"
        "  where  framework.options.delay_ns\n"
        "  fix    use at least one duration"
    )
