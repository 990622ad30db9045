"""`BoardSuite`: what a board must be fit for, as tests for ours and for your file.

class TestMine(BoardSuite):
    board = str(Path(__file__).with_name("mine.yaml"))
"""
# ruff: noqa: D102 (the names of tests say what they ask for)

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import pytest

from dlscope.catalog.document import dump_manifest, parse_text
from dlscope.catalog.finder import find
from dlscope.core.manifest import BoardManifest
from dlscope.devices.base import Choice, Device
from dlscope.devices.fpga_dataflow import DataflowFpga
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.devices.fpga_recursive import RecursiveFpga
from dlscope.devices.precision import Precision
from dlscope.testing.devices import EXAMPLE_LAYERS

Accelerator = Callable[[BoardManifest], Device]
ACCELERATORS: Mapping[str, Accelerator] = {
    "dataflow": DataflowFpga,
    "pipelined": PipelinedFpga,
    "recursive": RecursiveFpga,
}
_FEW_LANES_LOG2 = 0.0
_MANY_LANES_LOG2 = 5.0


class BoardSuite:
    """Name the board, or the path of its file, in `board`.

    A small network is built on it as each kind of accelerator, at every width that it lists.
    """

    board: ClassVar[str]

    @pytest.fixture
    def subject(self) -> BoardManifest:
        """The board under test."""
        board = find("board", self.board)
        assert isinstance(board, BoardManifest)
        return board

    @pytest.fixture(params=ACCELERATORS)
    def accelerator(self, request: Any) -> Accelerator:
        """Each kind of accelerator that is built on boards."""
        return ACCELERATORS[request.param]

    def test_comes_back_as_it_was_written(self, subject: BoardManifest) -> None:
        assert parse_text(dump_manifest(subject), subject.name) == subject

    def test_lists_the_widths_that_a_search_chooses_from(self, subject: BoardManifest) -> None:
        listed = {lane.bits for lane in subject.lanes}
        assert {8, 16} <= listed, "list lanes of 8 and 16 bit at least"

    def test_wider_lanes_take_no_less(self, subject: BoardManifest) -> None:
        for narrow, wide in zip(subject.lanes, subject.lanes[1:], strict=False):
            assert narrow.dsp_packed <= wide.dsp_packed, (narrow, wide)
            assert narrow.lut <= wide.lut, (narrow, wide)

    def test_two_products_in_a_dsp_take_no_more_than_one_each(self, subject: BoardManifest) -> None:
        assert [lane for lane in subject.lanes if lane.dsp_packed > lane.dsp] == []

    def test_has_room_for_the_least_design(
        self, subject: BoardManifest, accelerator: Accelerator
    ) -> None:
        device = accelerator(subject)
        for choices in _designs(subject, _FEW_LANES_LOG2):
            used = device.network_cost(choices).resources
            assert device.over_budget(used) == (), used

    def test_is_quicker_with_more_lanes(
        self, subject: BoardManifest, accelerator: Accelerator
    ) -> None:
        device = accelerator(subject)
        few, many = (_designs(subject, pf) for pf in (_FEW_LANES_LOG2, _MANY_LANES_LOG2))
        for slow, quick in zip(few, many, strict=True):
            assert device.network_cost(quick).fps > device.network_cost(slow).fps > 0

    @pytest.mark.parametrize("field", ["memory_gb_per_s", "clock_mhz"])
    def test_is_no_slower_with_more_of_it(
        self, subject: BoardManifest, accelerator: Accelerator, field: str
    ) -> None:
        better = subject.model_copy(update={field: 2 * getattr(subject, field)})
        for choices in _designs(subject, _MANY_LANES_LOG2):
            before, after = (accelerator(each).network_cost(choices) for each in (subject, better))
            assert after.fps >= before.fps


def _designs(board: BoardManifest, pf: float) -> Iterator[list[Choice]]:
    """The small network at each width of `board`, every layer with 2^pf lanes of its own."""
    for lane in board.lanes:
        precision = Precision.of(lane.bits)
        yield [Choice(layer, precision, pf) for layer in EXAMPLE_LAYERS]
