from __future__ import annotations

import pytest
from measured_space import small_space
from synthetic_profile import CONDITIONS, NULL_NS

from dlscope.devices.precision import Precision
from dlscope.methods.codesign.measuring.operations import timed_operations
from dlscope.methods.codesign.measuring.rows import (
    TimedNetwork,
    benchmark_of,
    calibration_designs,
    failure_of,
    measured_row,
    result_of,
)

SPACE = small_space(8, 32)
OPERATION = timed_operations(SPACE)[1]
NOW = "2026-01-01T00:00:00Z"


def result(timed, samples):
    return result_of(timed, CONDITIONS, samples, NOW, {"null_ns": NULL_NS})


def test_an_operation_is_known_by_its_layers_and_a_network_by_its_design() -> None:
    assert benchmark_of(OPERATION).brick_id == f"operation {OPERATION.key[0]}"
    assert benchmark_of(OPERATION).kind == "fused"
    first, second = calibration_designs(SPACE, 0, 2, seed=0)
    names = {benchmark_of(TimedNetwork(each, Precision(8, 8))).brick_id for each in (first, second)}
    assert len(names) == 2
    assert all(name.startswith("network ") for name in names)


def test_what_a_call_costs_is_taken_off_an_operation_but_not_off_a_network() -> None:
    samples = [11_000, 12_000, 13_000]
    row = measured_row(OPERATION, result(OPERATION, samples))
    assert (row.operation, row.median_ns, row.mad_ns, row.n) == (OPERATION.key[0], 10_000, 1000, 3)
    network = TimedNetwork(OPERATION.design, OPERATION.precision)
    assert measured_row(network, result(network, samples)).median_ns == 12_000


def test_an_operation_that_vanishes_in_the_call_still_takes_time() -> None:
    assert measured_row(OPERATION, result(OPERATION, [1500.0])).median_ns == 1


def test_rows_of_other_precisions_and_threads_are_other_rows() -> None:
    benchmark = benchmark_of(OPERATION)
    keys = {CONDITIONS.key(benchmark, each) for each in (Precision(8, 8), Precision(32, 32))}
    assert len(keys) == 2
    assert {key.clock for key in keys} == {"cpu"}
    assert {key.dtype for key in keys} == {"int8", "float32"}


def test_a_failure_says_why() -> None:
    failed = failure_of(OPERATION, CONDITIONS, "no kernel", NOW)
    assert (failed.status, failed.reason, failed.n) == ("unsupported", "no kernel", 0)


def test_networks_to_calibrate_with_differ_and_come_again_from_the_same_seed() -> None:
    drawn = calibration_designs(SPACE, 1, 8, seed=3)
    assert len(set(drawn)) == 8
    assert {each.precisions for each in drawn} == {(1, 1, 1, 1)}
    assert drawn == calibration_designs(SPACE, 1, 8, seed=3)


def test_a_small_space_has_no_more_networks_than_it_has() -> None:
    assert len(calibration_designs(SPACE, 0, 200, seed=0)) == SPACE.size().networks == 81


@pytest.mark.parametrize("samples", [[1.4, 1.6], [2, 2]])
def test_samples_are_whole_ns(samples) -> None:
    assert all(isinstance(each, int) for each in result(OPERATION, samples).samples_ns)
