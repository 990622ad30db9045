from __future__ import annotations

import json
from dataclasses import replace

import pytest
from measured_space import small_space
from synthetic_profile import made_up, work

from dlscope.core.errors import MeasurementError
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.measuring.local_table import LocalTable, calibrated, local_table
from dlscope.methods.codesign.measuring.operations import parts_of

SPACE = small_space(8, 32)
FLOAT = Precision(32, 32)
HERE = "a" * 64


def table(**options) -> LocalTable:
    return local_table([made_up(SPACE, **options)], HERE)


def test_a_network_costs_what_the_line_makes_of_its_operations() -> None:
    device = table().device(SPACE)
    profiled = made_up(SPACE)
    design = profiled.networks[0].design
    operations = [layers for _, layers in parts_of(SPACE, design)]
    expected = 5000 + 1.1 * sum(work(each) for each in operations if each)
    assert device.latency_ns(operations, FLOAT) == pytest.approx(expected, rel=1e-4)


def test_a_skipped_block_costs_nothing() -> None:
    device = table().device(SPACE)
    layers = SPACE.stem_layers
    assert device.latency_ns([layers, ()], FLOAT) == device.latency_ns([layers], FLOAT)


def test_a_poor_calibration_is_refused_with_its_error() -> None:
    poor = table(noise=0.5)
    assert [each.refused[:16] for each in calibrated(made_up(SPACE, noise=0.5), poor.table)] == [
        "calibration_poor"
    ] * 2
    with pytest.raises(
        MeasurementError, match="calibration_poor: held-out networks are"
    ) as refused:
        poor.device(SPACE)
    assert (refused.value.where, refused.value.fix) == (
        "8 bit, space small",
        "measure again while nothing else runs: dlscope codesign profile --space small --refresh; "
        "or take 8 bit out of the space",
    )


def test_operations_without_a_time_are_named_with_what_measures_them() -> None:
    profiled = made_up(SPACE)
    missing = profiled.operations[1]
    rows = {each: row for each, row in profiled.rows.items() if each != missing}
    lacking = local_table([replace(profiled, rows=rows)], HERE)
    with pytest.raises(MeasurementError) as refused:
        lacking.device(SPACE)
    assert refused.value.what == (
        f"1 operations were not measured: {missing.key[0]} at {missing.precision}"
    )
    assert "dlscope codesign profile --space small" in refused.value.fix
    filled = lacking.device(SPACE, allow_predict=True)
    assert [row.operation for row in filled.table.rows if row.is_predicted] == [missing.key[0]]
    assert filled.table.warnings() == ("1 of 14 rows are predicted, not measured",)


def test_a_file_gives_the_table_back(tmp_path) -> None:
    written = table()
    written.save(tmp_path / "table.json")
    read = LocalTable.load(tmp_path / "table.json", here=HERE)
    assert read == written
    assert read.device(SPACE).latency_ns([SPACE.stem_layers], FLOAT) > 0


def test_a_table_of_another_machine_is_refused_unless_it_is_accepted(tmp_path) -> None:
    table().save(tmp_path / "table.json")
    with pytest.raises(MeasurementError, match="the table is of another machine, aaaaaaaaaaaa"):
        LocalTable.load(tmp_path / "table.json", here="b" * 64)
    accepted = LocalTable.load(tmp_path / "table.json", here="b" * 64, allow_foreign=True)
    assert accepted.device(SPACE).table.warnings() == (
        "the rows were measured on another machine, aaaaaaaaaaaa",
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": 2}, "it has schema 2, this dlscope reads 1"),
        ({"table": {}}, "the file is damaged, or it is another one"),
        ({"calibrations": []}, "the file is damaged, or it is another one"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, change, message: str) -> None:
    path = tmp_path / "table.json"
    path.write_text(json.dumps({**table().to_json(), **change}))
    with pytest.raises(MeasurementError) as refused:
        LocalTable.load(path, here=HERE)
    assert refused.value.what == f"no measured table can be read: {message}"
