from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.errors import PlanError
from dlscope.pipelines.base import Spec, StepContext, Value
from dlscope.pipelines.music import Notes, runs


def heard(sure_tk: np.ndarray, **parameters) -> list[list[float]]:
    step = Notes(min_frames=3, hop=10, rate_hz=100, **parameters)
    found: list[list[float]] = step.apply(Value(sure_tk, axes="TK"), StepContext()).data["notes"]
    return found


def test_a_long_run_of_a_pitch_is_a_note() -> None:
    sure_tk = np.zeros((10, 88), np.float32)
    sure_tk[2:6, 48] = [0.5, 0.75, 0.75, 1.0]
    assert heard(sure_tk) == [[69, 0.2, pytest.approx(0.6), 0.75]]


def test_what_is_short_or_not_sure_is_none() -> None:
    sure_tk = np.zeros((10, 88), np.float32)
    sure_tk[2:4, 48] = 1
    sure_tk[:, 50] = 0.49
    assert heard(sure_tk) == []
    assert [note[0] for note in heard(sure_tk, threshold=0.4)] == [71]


def test_a_pause_makes_two_notes_of_one() -> None:
    sure_tk = np.ones((10, 1), np.float32)
    sure_tk[4] = 0
    assert [note[1:3] for note in heard(sure_tk, lowest=60)] == [
        [0.0, pytest.approx(0.4)],
        [0.5, 1.0],
    ]


def test_notes_come_in_the_order_they_begin() -> None:
    sure_tk = np.zeros((10, 4), np.float32)
    sure_tk[4:, 0] = sure_tk[1:5, 3] = sure_tk[1:4, 2] = 1
    assert [note[0] for note in heard(sure_tk, lowest=60)] == [62, 63, 60]


def test_runs_reach_to_both_ends() -> None:
    assert runs(np.array([True, True, False, True])) == [(0, 2), (3, 4)]
    assert runs(np.zeros(3, bool)) == []


def test_refuses_other_axes() -> None:
    with pytest.raises(PlanError) as refusal:
        Notes().infer(Spec("tensor", "float32", "K", (88,)))
    assert (refusal.value.what, refusal.value.where, refusal.value.fix) == (
        "notes takes pitches at each frame (TK), got tensor float32[88] K",
        "step notes",
        "use layout NTK",
    )
