from __future__ import annotations

import numpy as np
import pytest

from dlscope.methods.codesign.exploring.judge import Judged
from dlscope.methods.codesign.searching.finalists import Finalist
from dlscope.methods.codesign.searching.recording import (
    choices_table,
    gap_warning,
    pareto_table,
    precisions_table,
    trajectory_table,
)
from dlscope.methods.codesign.searching.scoring import Score
from dlscope.methods.codesign.space.design import Design


def test_an_epoch_is_a_row_and_what_it_did_not_tell_is_absent() -> None:
    table = trajectory_table([{"loss": 2.0, "temperature": 5.0}, {"loss": 1.0, "gap": 0.2}], [5, 9])
    assert table.column("epoch") == (1, 2)
    assert table.column("elapsed_ns") == (5, 9)
    assert table.column("loss") == (2.0, 1.0)
    assert table.column("gap") == (None, 0.2)


def test_a_gap_is_told_once_choices_are_made() -> None:
    assert gap_warning([{"gap": 0.5, "temperature": 5.0}]) == ()
    assert gap_warning([{"gap": 0.05, "temperature": 0.5}]) == ()
    assert gap_warning([{"gap": 0.5, "temperature": 0.5}, {"gap": 0.25, "temperature": 0.4}]) == (
        "relaxation_gap: in epoch 2 the expected time was 25 % from that of the likeliest design, "
        "and more than 10 % from it in 2 epochs: rounding lanes to powers of two takes more than "
        "the expectation knows. The chosen design was compared with others by its exact time, so "
        "nothing needs to be done",
    )


@pytest.mark.parametrize("name", ["operation_entropy", "precision_entropy"])
def test_a_gap_of_open_choices_asks_for_a_longer_search(name: str) -> None:
    (told,) = gap_warning([{"gap": 1.3, "temperature": 0.5, name: 0.6}])
    assert told == (
        "relaxation_gap: in epoch 1 the expected time was 130 % from that of the likeliest design, "
        "and more than 10 % from it in 1 epoch: choices were still open. The chosen design was "
        "compared with others by its exact time; a longer search (--budget or --epochs) makes up "
        "its mind before it ends"
    )


def test_probabilities_of_a_block_sum_to_1(small) -> None:
    design = Design.of(small, (0, 1), (0, 1))
    table = choices_table(small, np.array([[0.75, 0.25], [0.5, 0.5]]), design)
    assert table.column("probability") == pytest.approx((0.75, 0.25, 0.5, 0.5))
    assert table.column("is_chosen") == (True, False, False, True)
    assert table.column("entropy")[2] == 1.0
    bits = precisions_table(small, np.full((2, 2, 2), 0.5), design)
    assert len(bits) == 8
    assert [row["precision"] for row in bits if row["is_chosen"]] == ["4 bit", "8 bit"]


def test_trained_designs_come_first_and_tell_their_front(small) -> None:
    designs = [Design.of(small, (m, m), (0, 0)) for m in (0, 1)]
    finalists = [
        Finalist(designs[0], 0.5, 2e6, Score(0.4, 9, 10), Score(0.4, 9, 10)),
        Finalist(designs[1], 0.6, 3e6, Score(0.5, 8, 10), Score(0.5, 8, 10)),
    ]
    other = Judged(Design.of(small, (0, 1), (1, 1)), 0.7, 1e6, 0.1)
    table = pareto_table(
        [Judged(designs[0], 0.5, 2e6, 0.0), other],
        finalists,
        finalists[0].identity,
        costs_of=lambda design: {"weight_bytes": 10.0 * design.operations[0]},
    )
    assert table.column("weight_bytes") == (0.0, 10.0, 0.0)
    assert table.column("is_trained") == (True, True, False)
    assert table.column("is_on_front") == (True, False, False)
    assert table.column("is_chosen") == (True, False, False)
    assert table.column("error") == pytest.approx((0.1, 0.2, None))
