from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dlscope.methods.codesign.exploring.judge import Judged
from dlscope.methods.codesign.searching.finalists import Finalist, chosen_finalists, different
from dlscope.methods.codesign.searching.scoring import Score
from dlscope.methods.codesign.space.design import Design


def judged(loss: float, time_ns: float) -> Judged:
    return Judged(Design("space", (int(loss * 10),), (0,)), loss, time_ns, loss * time_ns)


def test_the_best_and_what_spans_the_front_are_chosen() -> None:
    several = [judged(1, 4), judged(0.5, 9), judged(2, 3), judged(3, 9), judged(4, 2)]
    chosen = chosen_finalists(several, 4)
    assert chosen[0] is several[0]
    assert {id(each) for each in chosen} == {id(several[i]) for i in (0, 1, 2, 4)}
    assert chosen_finalists(several, 1) == [several[0]]
    assert chosen_finalists([], 3) == []
    assert len(chosen_finalists(several, 9)) == 5


def test_bits_of_a_skipped_block_make_no_other_network(small) -> None:
    several = [
        Judged(Design.of(small, operations, bits), 1.0, 1.0, 1.0)
        for operations, bits in (((0, 1), (0, 0)), ((0, 1), (0, 1)), ((0, 0), (0, 1)))
    ]
    assert different(several, small) == [several[0], several[2]]


def test_comes_back_as_it_was() -> None:
    finalist = Finalist(
        Design("space", (1,), (0,)), 0.5, 1e6, Score(0.4, 90, 100), Score(0.5, 85, 100)
    )
    assert Finalist.from_json(finalist.to_json()) == finalist


def test_its_error_has_an_interval() -> None:
    score = Score(0.5, 95, 100)
    lo, hi = Finalist(Design("s", (), ()), 0.5, 1.0, score, score).error_interval
    assert lo < 0.05 < hi
    assert np.isclose(hi, 0.111751, atol=1e-5)
    assert lo == pytest.approx(0.021543, abs=1e-5)


def test_where_energy_is_minimised_the_front_is_one_of_energy() -> None:
    several = [replace(judged(1, 4), energy_j=4.0), replace(judged(2, 3), energy_j=9.0)]
    several += [replace(judged(3, 9), energy_j=1.0)]
    assert {each.loss for each in chosen_finalists(several, 2)} == {1, 3}
