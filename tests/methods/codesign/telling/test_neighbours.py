from __future__ import annotations

import pytest

from dlscope.catalog.finder import find
from dlscope.devices.fpga_recursive import RecursiveFpga
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space
from dlscope.methods.codesign.telling.neighbours import neighbours, other_boards

SPACE = Space(find("space", "tiny_grey_4"))
DESIGN = Design(SPACE.digest, (0, 0, 0, 0), (1, 1, 1, 1))


class Counting:
    """An estimate that prefers small indices."""

    def loss(self, design: Design) -> float:
        return 1.0 + sum(design.operations) + sum(design.precisions)


@pytest.fixture(scope="module")
def found():
    implementer = Implementer(SPACE, RecursiveFpga(find("board", "zcu102")))
    return list(neighbours(implementer, DESIGN, Counting()))


def test_each_block_changes_once_for_every_other_choice_it_has(found) -> None:
    operations = sum(len(block.operations) - 1 for block in SPACE.blocks)
    assert len(found) == operations + 2 * len(SPACE.blocks)
    assert len({each.change for each in found}) == len(found)


def test_a_change_is_told_in_words(found) -> None:
    changes = [each.change for each in found]
    assert changes[0] == "block0: mbconv_k3_e4 instead of mbconv_k3_e2"
    assert changes[-1] == "block3 at 16 bit"


def test_each_has_its_time_and_its_estimate(found) -> None:
    assert all(each.reached.interval_ns > 0 for each in found)
    assert found[0].reached.loss == 6


def test_without_an_estimate_the_work_that_is_kept_stands_for_it() -> None:
    implementer = Implementer(SPACE, RecursiveFpga(find("board", "zcu102")))
    changes = {each.change: each.reached for each in neighbours(implementer, DESIGN)}
    assert changes["block0: mbconv_k3_e4 instead of mbconv_k3_e2"].kept_work > 1
    assert changes["block2: skip instead of mbconv_k3_e2"].kept_work < 1
    assert changes["block2 at 4 bit"].kept_work < 1
    assert {each.loss for each in changes.values()} == {None}


def test_a_design_is_tried_on_other_boards_the_smallest_first() -> None:
    boards = {name: RecursiveFpga(find("board", name)) for name in ("zcu102", "pynq_z1")}
    found = list(other_boards(SPACE, DESIGN, boards))
    assert [each.change for each in found] == [
        "take the device pynq_z1",
        "take the device zcu102",
    ]
    assert found[0].reached.interval_ns > found[1].reached.interval_ns


def test_a_board_that_is_too_small_is_left_out() -> None:
    small = RecursiveFpga(find("board", "pynq_z1"))
    small.budget = {**small.budget, "lut": 1.0, "dsp": 0.1}
    assert list(other_boards(SPACE, DESIGN, {"small": small})) == []
