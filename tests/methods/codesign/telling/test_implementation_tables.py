from __future__ import annotations

import math

import numpy as np
import pytest

from dlscope.catalog.finder import find
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space
from dlscope.methods.codesign.telling.implementation_tables import (
    resources_table,
    stages_table,
    weight_bytes,
)

SPACE = Space(find("space", "tiny_grey_4"))
DEVICE = PipelinedFpga(find("board", "zcu102"))


@pytest.fixture(scope="module")
def implemented():
    return Implementer(SPACE, DEVICE).implement(Design.random(SPACE, np.random.default_rng(0)))


def test_every_layer_is_a_stage_with_exact_cycles(implemented) -> None:
    table = stages_table(SPACE, implemented, clock_mhz=300.0)
    assert len(table) == len(implemented.choices)
    for row, choice in zip(table, implemented.choices, strict=True):
        assert row["cycles"] * row["lanes"] == choice.layer.work
        assert row["layer"] == str(choice.layer)


def test_the_slowest_stage_is_wholly_busy(implemented) -> None:
    table = stages_table(SPACE, implemented, clock_mhz=300.0)
    (slowest,) = [row for row in table if row["is_bottleneck"]]
    assert slowest["busy_share"] == 1
    assert slowest["latency_ns"] == implemented.interval_ns


def test_stages_carry_the_name_of_their_block(implemented) -> None:
    blocks = stages_table(SPACE, implemented).column("block")
    assert blocks[0] == "stem"
    assert set(blocks[-3:]) == {"head"}
    assert set(blocks[1:-3]) <= {block.name for block in SPACE.blocks}


def test_without_a_clock_there_are_no_cycles(implemented) -> None:
    assert set(stages_table(SPACE, implemented).column("cycles")) == {None}


def test_resources_are_shares_of_what_a_design_may_use(implemented) -> None:
    table = resources_table(DEVICE, implemented.resources)
    assert set(table.column("resource")) == {"bram18", "dsp", "lut"}
    assert all(0 <= share <= 1 for share in table.column("share"))


def test_resources_come_in_whole_units() -> None:
    """A device counts shares of a block, so that a search has a slope to follow."""
    available = math.ceil(DEVICE.budget["bram18"])
    table = resources_table(DEVICE, {"bram18": 0.355, "dsp": DEVICE.budget["dsp"]})
    assert table.rows == (
        ("bram18", 1, available, 1 / available),
        ("dsp", math.ceil(DEVICE.budget["dsp"]), math.ceil(DEVICE.budget["dsp"]), 1.0),
    )


def test_weights_take_their_bits(implemented) -> None:
    expected = sum(c.layer.weights * c.precision.weight_bits for c in implemented.choices) / 8
    assert weight_bytes(SPACE, implemented) == expected
