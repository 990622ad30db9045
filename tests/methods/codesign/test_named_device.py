from __future__ import annotations

import pytest

from dlscope.core.errors import DlscopeError, SearchError
from dlscope.devices.base import Device
from dlscope.devices.bit_flexible import Loom
from dlscope.devices.calibration import calibrate
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.devices.fpga_recursive import RecursiveFpga
from dlscope.devices.measured import MeasuredDevice, MeasuredRow, MeasuredTable
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.named_device import (
    device_digest,
    lasting_name,
    named_device,
)


def nowhere() -> Device:
    raise AssertionError("not asked for")


def test_a_board_is_told_with_its_model() -> None:
    recursive = named_device("zcu102:recursive", local=nowhere)
    assert isinstance(recursive, RecursiveFpga)
    assert recursive.board.name == "zcu102"
    assert isinstance(named_device("zc706:pipelined", local=nowhere), PipelinedFpga)


def test_a_board_of_a_file_has_a_name_that_holds_in_any_folder(tmp_path, monkeypatch) -> None:
    (tmp_path / "mine.yaml").write_text("kind: board\n")
    monkeypatch.chdir(tmp_path)
    assert lasting_name("./mine.yaml:recursive") == f"{tmp_path.resolve()}/mine.yaml:recursive"
    assert lasting_name("zcu102:recursive") == "zcu102:recursive"
    assert lasting_name("./other.yaml:recursive") == "./other.yaml:recursive"


def test_an_accelerator_is_told_with_lanes_and_clock() -> None:
    assert isinstance(named_device("loom:4096@500", local=nowhere), Loom)


def test_the_processor_at_hand_is_asked_for() -> None:
    at_hand = Loom(1, clock_mhz=1)
    assert named_device("local:cpu", local=lambda: at_hand) is at_hand


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("zcu102", "write BOARD:MODEL such as zcu102:recursive, or local:cpu"),
        ("zcu102:recursve", "'recursve' is no model of a board; did you mean recursive?"),
        ("loom:many", "write lanes and clock in MHz, such as loom:4096@500"),
    ],
)
def test_another_name_is_refused(name: str, fix: str) -> None:
    with pytest.raises(SearchError) as refused:
        named_device(name, local=nowhere)
    assert (refused.value.what, refused.value.fix) == (f"{name!r} is not a device", fix)


def test_an_unknown_board_is_refused() -> None:
    with pytest.raises(DlscopeError, match="zcu103"):
        named_device("zcu103:recursive", local=nowhere)


def test_the_digest_covers_what_numbers_depend_on() -> None:
    recursive, again, pipelined = (
        named_device(name, local=nowhere)
        for name in ("zcu102:recursive", "zcu102:recursive", "zcu102:pipelined")
    )
    assert device_digest(recursive) == device_digest(again)
    assert device_digest(recursive) != device_digest(pipelined)
    assert device_digest(named_device("zc706:recursive", local=nowhere)) != device_digest(recursive)


def test_the_digest_of_a_measured_device_covers_its_table() -> None:
    bits = Precision.of(8)
    tables = [MeasuredTable("m", (MeasuredRow("conv", bits, ns, 0.0, 9),)) for ns in (1.0, 2.0)]
    first, second = (device_digest(MeasuredDevice(table)) for table in tables)
    assert first != second
    line = calibrate([1.0, 2.0, 4.0] * 7, [2.0, 3.0, 5.0] * 7)
    assert device_digest(MeasuredDevice(tables[0], {bits: line})) != first
