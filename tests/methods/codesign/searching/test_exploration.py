from __future__ import annotations

import numpy as np
import pytest

from dlscope.catalog.finder import find
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.searching.aims import Aims
from dlscope.methods.codesign.searching.exploration import explored, fastest
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space


class BySize:
    """The more work and bits, the better; nothing is random about it."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self.looks = 0

    def loss(self, design: Design) -> float:
        self.looks += 1
        work = sum(layer.macs * bits.lane_bits for layer, bits in design.layers(self._space))
        return 1e6 / work


@pytest.fixture(scope="module")
def implementer(grey) -> Implementer:
    return Implementer(grey, PipelinedFpga(find("board", "pynq_z1")))


def test_the_fastest_of_few_is_the_fastest_of_all(small) -> None:
    implementer = Implementer(small, PipelinedFpga(find("board", "pynq_z1")))
    quickest = implementer.time_ns(fastest(implementer))
    rng = np.random.default_rng(0)
    others = implementer.times_ns([Design.random(small, rng) for _ in range(50)])
    assert quickest <= others.min()


def test_the_fastest_of_many_is_as_fast_as_any_that_is_drawn(
    grey, implementer, monkeypatch
) -> None:
    monkeypatch.setattr("dlscope.methods.codesign.searching.exploration._ENUMERABLE", 0)
    quickest = implementer.time_ns(fastest(implementer))
    rng = np.random.default_rng(1)
    others = implementer.times_ns([Design.random(grey, rng) for _ in range(300)])
    assert quickest <= others.min()


def test_the_best_comes_first_and_no_more_is_looked_at_than_allowed(grey, implementer) -> None:
    estimate = BySize(grey)
    arguments = (implementer, estimate, [], Aims())
    found = explored(*arguments, evaluations=60, seed=0)
    assert estimate.looks <= 60
    values = [each.value for each in found]
    assert values == sorted(values)
    assert values[0] == pytest.approx(
        found[0].loss * found[0].time_ns / implementer.time_ns(fastest(implementer))
    )
    again = explored(*arguments, evaluations=60, seed=0)
    assert [each.design for each in again] == [each.design for each in found]


def test_with_a_target_nothing_slower_is_found(grey, implementer) -> None:
    target_ns = 1.5 * implementer.time_ns(fastest(implementer))
    aims = Aims(target_ns=target_ns)
    found = explored(implementer, BySize(grey), [], aims, evaluations=60, seed=0)
    assert found
    assert max(each.time_ns for each in found) <= target_ns


def test_designs_to_begin_with_are_looked_at(grey, implementer) -> None:
    start = Design.of(grey, (1, 1, 1, 1), (2, 2, 2, 2))
    found = explored(implementer, BySize(grey), [start], Aims(), evaluations=10, seed=0)
    assert start in [each.design for each in found]
