from __future__ import annotations

import math

import pytest

from dlscope.catalog.finder import find
from dlscope.core.errors import SearchError
from dlscope.devices.fpga_dataflow import DataflowFpga
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.devices.fpga_recursive import RecursiveFpga
from dlscope.devices.measured import MeasuredDevice, MeasuredTable
from dlscope.methods.codesign.ip_library.templates_table import templates_report, templates_table
from dlscope.methods.codesign.space.space import Space

SPACE = Space(find("space", "tiny_grey_4"))
RECURSIVE = RecursiveFpga(find("board", "zcu102"))
PIPELINED = PipelinedFpga(find("board", "zcu102"))


def rows(device, operation: str, precision: str):
    return [
        row
        for row in templates_table(SPACE, device)
        if (row["operation"], row["precision"]) == (operation, precision)
    ]


def test_every_operation_has_every_precision_and_number_of_lanes() -> None:
    table = templates_table(SPACE, RECURSIVE)
    operations = {each.name for each in SPACE.operations if each.type != "skip"}
    assert set(table.column("operation")) == operations
    assert len(table) == len(operations) * len(SPACE.precisions) * SPACE.lanes.count


def test_lanes_take_time_for_resources() -> None:
    found = rows(RECURSIVE, "mbconv_k3_e2", "8 bit")
    times = [row["latency_ns"] for row in found]
    assert times == sorted(times, reverse=True)
    assert [row["dsp"] for row in found] == [math.ceil(1.5 * row["lanes"]) for row in found]


def test_blocks_of_memory_are_whole_ones() -> None:
    """The model of a pipeline without buffers counts 0.355 of a block."""
    device = DataflowFpga(find("board", "zcu102"))
    blocks = templates_table(SPACE, device).column("bram18")
    assert min(blocks) == 1
    assert {type(each) for each in blocks} == {int}


def test_a_pipeline_is_as_slow_as_its_slowest_layer() -> None:
    one, other = (rows(each, "separable_k3", "16 bit")[0] for each in (RECURSIVE, PIPELINED))
    assert other["latency_ns"] < one["latency_ns"]


def test_bits_without_a_dsp_take_none() -> None:
    assert {row["dsp"] for row in rows(RECURSIVE, "mbconv_k3_e2", "4 bit")} == {0}


def test_a_device_says_what_writes_its_source() -> None:
    assert set(templates_table(SPACE, RECURSIVE).column("emitter")) == {
        "C++, one engine for each kind of layer"
    }
    report = templates_report(SPACE, PIPELINED, name="zcu102:pipelined")
    assert report.answer == (
        "5 operations in 135 templates on zcu102:pipelined; emitted as C++, one stage for each "
        "layer."
    )


def test_what_was_measured_has_no_templates() -> None:
    with pytest.raises(SearchError, match="device measured has no lanes"):
        templates_table(SPACE, MeasuredDevice(MeasuredTable("here", ())))
