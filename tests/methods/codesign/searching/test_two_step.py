from __future__ import annotations

from dlscope.catalog.finder import find
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.methods.codesign.exploring.judge import Judged
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.searching.aims import Aims
from dlscope.methods.codesign.searching.two_step import second_step
from dlscope.methods.codesign.space.design import Design


class Indifferent:
    """Every design has the same loss."""

    def loss(self, design: Design) -> float:
        del design
        return 1.0


def test_each_network_gets_the_bits_that_are_fastest_where_accuracy_is_the_same(small) -> None:
    implementer = Implementer(small, PipelinedFpga(find("board", "pynq_z1")))
    designs = [
        Design.of(small, operations, bits)
        for operations, bits in (((0, 1), (1, 1)), ((0, 1), (0, 1)), ((1, 0), (1, 1)))
    ]
    judged = [Judged(each, 1.0, implementer.time_ns(each), 1.0) for each in designs]
    found = second_step(judged, implementer, Indifferent(), Aims(is_blind=True), 5)
    assert [each.design.operations for each in found] == [(0, 1), (1, 0)]
    for each in found:
        times = [
            implementer.time_ns(Design.of(small, each.design.operations, (a, b)))
            for a in (0, 1)
            for b in (0, 1)
        ]
        assert each.time_ns == min(times)
    assert len(second_step(judged, implementer, Indifferent(), Aims(is_blind=True), 1)) == 1
