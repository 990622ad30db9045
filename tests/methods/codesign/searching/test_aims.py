from __future__ import annotations

import math

import numpy as np
import pytest

from dlscope.methods.codesign.searching.aims import Aims

LOSSES, TIMES = np.array([1.0, 0.5]), np.array([2e6, 8e6])


@pytest.mark.parametrize(
    ("combine", "expected"),
    [
        ("product", [1.0, 2.0]),
        ("log", [0.0, math.log(2)]),
        ("sum", [1.2, 1.3]),
        ("exponent", [1.0, 0.5 * 4**0.6]),
    ],
)
def test_loss_and_time_become_one_number(combine, expected) -> None:
    assert Aims(combine=combine).values(LOSSES, TIMES, 2e6) == pytest.approx(expected)


def test_with_a_target_what_meets_it_is_judged_by_its_loss() -> None:
    values = Aims(target_ns=2e6).values(LOSSES, TIMES, 1e6)
    assert values.tolist() == [1.0, math.inf]


def test_a_blind_search_looks_at_the_loss_alone() -> None:
    assert Aims(is_blind=True).values(LOSSES, TIMES, 1e6).tolist() == [1.0, 0.5]


def test_what_does_not_fit_is_worth_nothing() -> None:
    assert Aims().values(np.array([1.0]), np.array([np.inf]), 1.0).tolist() == [math.inf]
    assert not Aims().meets(math.inf)
    assert Aims(target_ns=5.0).meets(5.0)


def test_energy_counts_in_place_of_the_time_which_must_still_meet_the_target() -> None:
    aims = Aims(minimised="energy", target_ns=4e6)
    values = aims.values(LOSSES, TIMES, 1e-6, np.array([2e-6, 1e-6]))
    assert values.tolist() == pytest.approx([2.0, math.inf])
