from __future__ import annotations

import json

import numpy as np
import pytest

from dlscope.core.errors import MeasurementError
from dlscope.devices.layer_shape import LayerShape, mbconv
from dlscope.devices.measured import (
    MeasuredDevice,
    MeasuredRow,
    MeasuredTable,
    operation_key,
)
from dlscope.devices.precision import Precision

HERE, THERE = "a" * 64, "b" * 64
EIGHT, FLOAT = Precision.of(8), Precision.of(32)
CONV = (LayerShape.conv(16, 32, 14, 3),)
BLOCK = mbconv(16, 24, 14, 3, 4)
PROFILE = "dlscope codesign profile --space SPACE --device local:cpu"


def row(layers, median_ns: float = 2000.0, precision: Precision = FLOAT, **more) -> MeasuredRow:
    return MeasuredRow(
        operation_key(layers), precision, median_ns, **{"mad_ns": 20.0, "n": 30, **more}
    )


def table(*rows: MeasuredRow) -> MeasuredTable:
    return MeasuredTable.of_machine(HERE, rows, here=HERE)


def test_a_device_costs_what_was_measured_whatever_its_lanes() -> None:
    device = MeasuredDevice(table(row(CONV), row(CONV, 700.0, EIGHT)))
    assert device.cost(CONV[0], FLOAT, [0.0, 3.0]).latency_ns.tolist() == [2000.0, 2000.0]
    assert float(device.cost(CONV[0], EIGHT).latency_ns) == 700.0


def test_several_layers_are_one_operation() -> None:
    found = table(row(BLOCK, 5000.0)).row(BLOCK, FLOAT)
    assert found.median_ns == 5000.0
    assert found.operation == (
        "conv 1x1/1 16->64 on 14x14 + depthwise 3x3/1 64->64 on 14x14 + conv 1x1/1 64->24 on 14x14"
    )


def test_what_was_not_measured_is_named_with_the_command_that_measures_it() -> None:
    with pytest.raises(MeasurementError) as refusal:
        table(row(CONV)).require([(CONV, FLOAT), (CONV, EIGHT), (CONV, EIGHT), (BLOCK[1:2], FLOAT)])
    assert str(refusal.value) == (
        "MeasurementError: 2 operations were not measured: conv 3x3/1 16->32 on 14x14 at 8 bit; "
        "depthwise 3x3/1 64->64 on 14x14 at 32 bit\n"
        f"  where  table of machine {HERE[:12]}\n"
        f"  fix    measure them: {PROFILE}; or fill them in with --allow-predict"
    )


def test_of_many_that_are_missing_the_first_are_named() -> None:
    wanted = [((LayerShape.dense(8, width),), FLOAT) for width in range(1, 9)]
    with pytest.raises(MeasurementError) as refusal:
        table().require(wanted)
    assert refusal.value.what.startswith("8 operations were not measured: dense 1x1/1 8->1 on 1x1")
    assert refusal.value.what.endswith(" and 3 more")


def test_rows_of_another_machine_are_refused_unless_accepted() -> None:
    with pytest.raises(MeasurementError) as refusal:
        MeasuredTable.of_machine(THERE, [row(CONV)], here=HERE)
    assert str(refusal.value) == (
        f"MeasurementError: the table is of another machine, {THERE[:12]}\n"
        f"  where  machine {HERE[:12]}\n"
        f"  fix    measure here: {PROFILE}; or accept it with --foreign-table"
    )
    accepted = MeasuredTable.of_machine(THERE, [row(CONV)], here=HERE, allow_foreign=True)
    assert accepted.warnings() == (f"the rows were measured on another machine, {THERE[:12]}",)


def test_one_operation_is_in_a_table_once() -> None:
    with pytest.raises(MeasurementError) as refusal:
        table(row(CONV), row(CONV, 3000.0))
    assert str(refusal.value) == (
        "MeasurementError: conv 3x3/1 16->32 on 14x14 at 32 bit is measured twice\n"
        f"  where  machine {HERE[:12]}\n"
        "  fix    keep the newest row of each operation"
    )


def test_warns_when_more_than_a_twentieth_of_the_rows_vary() -> None:
    steady = [row((LayerShape.dense(8, width),)) for width in range(1, 20)]
    noisy = [row((LayerShape.dense(9, width),), mad_ns=201.0) for width in (1, 2)]
    assert table(*steady, noisy[0]).warnings() == ()
    assert table(*steady, *noisy).warnings() == ("2 of 21 rows vary by more than a tenth",)


def test_what_is_missing_can_be_predicted_and_is_marked() -> None:
    layers = [(LayerShape.conv(16, 8 * width, 14, 3),) for width in range(1, 11)]
    times = [1000 + each[0].macs / 20 for each in layers]
    known = [row(each, time) for each, time in zip(layers, times, strict=True)]
    filled = table(*known[:7], known[9]).filled([(each, FLOAT) for each in layers])
    assert [each.is_predicted for each in filled.rows].count(True) == 2
    for each, time in zip(layers, times, strict=True):
        assert filled.row(each, FLOAT).median_ns == pytest.approx(time, rel=0.05)
    assert filled.warnings() == ("2 of 10 rows are predicted, not measured",)
    assert filled.filled([(each, FLOAT) for each in layers]) == filled


def test_a_prediction_needs_something_that_was_measured() -> None:
    with pytest.raises(MeasurementError, match="a roofline cannot be fitted"):
        table(row(CONV)).filled([(CONV, FLOAT), (BLOCK, FLOAT)])


def test_a_table_comes_back_from_json_as_it_was() -> None:
    first = table(row(CONV), row(BLOCK, 5000.0, EIGHT, is_predicted=True))
    again = MeasuredTable.from_json(json.loads(json.dumps(first.to_json())))
    assert again == first
    assert np.isclose(again.row(BLOCK, EIGHT).median_ns, 5000.0)
