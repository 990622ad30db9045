from __future__ import annotations

import math

import pytest
import torch

from dlscope.catalog.finder import find
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.searching.aims import Aims
from dlscope.methods.codesign.searching.expectation import Expectation


@pytest.fixture(scope="module")
def implementer(small) -> Implementer:
    return Implementer(small, PipelinedFpga(find("board", "pynq_z1")))


def objective_of(expectation: Expectation, loss: float) -> float:
    architecture = expectation.architecture(0)
    sample = architecture.probabilities()
    return float(expectation.objective(torch.tensor(loss), architecture, sample, 1.0))


def test_at_first_the_time_counts_as_1(implementer) -> None:
    assert objective_of(Expectation(implementer, Aims()), 2.5) == pytest.approx(2.5, rel=1e-6)
    assert objective_of(Expectation(implementer, Aims(combine="log")), 2.5) == pytest.approx(
        math.log(2.5), rel=1e-6
    )


def test_a_blind_search_minimises_the_loss(implementer) -> None:
    assert objective_of(Expectation(implementer, Aims(is_blind=True)), 2.5) == 2.5


def test_a_missed_target_gets_dearer_and_stays_so_after_an_interruption(implementer) -> None:
    expectation = Expectation(implementer, Aims(target_ns=1.0))
    before = objective_of(expectation, 1.0)
    expectation.figures(expectation.architecture(0), 0.05)
    assert objective_of(expectation, 1.0) > before
    resumed = Expectation(implementer, Aims(target_ns=1.0))
    resumed.load_state_dict(expectation.state_dict())
    assert objective_of(resumed, 1.0) == objective_of(expectation, 1.0)


def test_a_target_that_is_met_stays_as_dear(implementer) -> None:
    expectation = Expectation(implementer, Aims(target_ns=1e12))
    expectation.figures(expectation.architecture(0), 0.05)
    assert expectation.state_dict() == {"hinge": 1.0}


def test_lanes_begin_where_the_budget_lets_all_blocks_begin(implementer) -> None:
    architecture = Expectation(implementer, Aims(implementing="gradient")).architecture(0)
    (first,) = set(architecture.pf.tolist())
    assert 0 < first <= implementer.space.lanes.most_log2
