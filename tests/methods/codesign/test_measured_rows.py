from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dlscope.core.errors import MeasurementError
from dlscope.core.run import Environment
from dlscope.devices.layer_shape import LayerShape, mbconv
from dlscope.devices.measured import MeasuredDevice, operation_key
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.measured_rows import measured_table
from dlscope.store import Store
from dlscope.store.benchmarks import Benchmark, BenchmarkKey, BenchmarkResult
from dlscope.testing.stores import sample_environment

CONV, BLOCK = (LayerShape.conv(16, 32, 14, 3),), mbconv(16, 24, 14, 3, 4)
FLOAT, EIGHT = Precision.of(32), Precision.of(8)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(str(tmp_path / "store")) as opened:
        yield opened


def elsewhere(here: Environment) -> Environment:
    """Another machine."""
    return replace(here, system={**here.system, "name": "rack"})


def measure(store: Store, environment: Environment, layers, samples_ns, **changes) -> None:
    """Store the samples of one operation, as a benchmark run would."""
    name = operation_key(layers)
    started = changes.pop("started_utc", "2026-03-01T12:00:00Z")
    fields = {
        "implementation": "onnxruntime",
        "implementation_version": "1.0",
        "dtype": "float32",
        "batch": 1,
        "threads": 1,
        "state": "hot",
        "tool_version": "1",
    }
    key = BenchmarkKey(brick_id=name, fingerprint=environment.fingerprint, **{**fields, **changes})
    store.benchmarks.accept(
        [BenchmarkResult(key, "ok", "", samples_ns, None, started)],
        environment=environment,
        benchmarks=[Benchmark(name, "layer" if len(layers) == 1 else "fused", {}, {})],
    )


def test_a_device_is_made_of_what_the_store_holds(store: Store) -> None:
    here = sample_environment()
    measure(store, here, CONV, [900, 1000, 1100, 1000])
    measure(store, here, CONV, [500, 500, 600], dtype="int8")
    measure(store, here, BLOCK, [3000, 3000])
    table = measured_table(store.benchmarks, here=here.fingerprint)
    row = table.row(CONV, FLOAT)
    assert (row.median_ns, row.mad_ns, row.n) == (1000.0, 50.0, 4)
    assert float(MeasuredDevice(table).cost(CONV[0], EIGHT).latency_ns) == 500.0
    assert table.row(BLOCK, FLOAT).median_ns == 3000.0


def test_only_rows_of_the_same_conditions_count(store: Store) -> None:
    here = sample_environment()
    measure(store, here, CONV, [1000])
    for changes in (
        {"threads": 2},
        {"batch": 8},
        {"state": "cold"},
        {"implementation": "torch"},
        {"dtype": "float64"},
    ):
        measure(store, here, CONV, [7], **changes)
    table = measured_table(store.benchmarks, here=here.fingerprint)
    assert [row.median_ns for row in table.rows] == [1000.0]
    two = measured_table(store.benchmarks, here=here.fingerprint, threads=2)
    assert (two.threads, two.rows[0].median_ns) == (2, 7.0)


def test_of_several_results_the_newest_counts(store: Store) -> None:
    here = sample_environment()
    measure(store, here, CONV, [1000], started_utc="2026-03-02T12:00:00Z")
    measure(store, here, CONV, [2000], process=1, started_utc="2026-03-01T12:00:00Z")
    measure(store, here, CONV, [3000], tool_version="0", started_utc="2026-02-01T12:00:00Z")
    table = measured_table(store.benchmarks, here=here.fingerprint)
    assert [row.median_ns for row in table.rows] == [1000.0]


def test_rows_of_another_machine_are_refused_and_can_be_accepted(store: Store) -> None:
    here = sample_environment()
    rack = elsewhere(here)
    assert rack.fingerprint != here.fingerprint
    measure(store, rack, CONV, [1000])
    with pytest.raises(MeasurementError) as refusal:
        measured_table(store.benchmarks, here=here.fingerprint)
    assert str(refusal.value) == (
        "MeasurementError: no operation was measured on this machine\n"
        f"  where  machine {here.fingerprint[:12]}; there are rows of {rack.fingerprint[:12]}\n"
        "  fix    measure: dlscope codesign profile --space SPACE --device local:cpu; "
        "or accept another machine's with --foreign-table"
    )
    accepted = measured_table(store.benchmarks, here=here.fingerprint, machine=rack.fingerprint)
    assert accepted.is_foreign
    assert accepted.row(CONV, FLOAT).median_ns == 1000.0


def test_an_empty_store_says_that_nothing_was_measured(store: Store) -> None:
    with pytest.raises(MeasurementError) as refusal:
        measured_table(store.benchmarks, here="f" * 64)
    assert str(refusal.value) == (
        "MeasurementError: no operation was measured on this machine\n"
        "  where  machine ffffffffffff; there are none of any machine\n"
        "  fix    measure: dlscope codesign profile --space SPACE --device local:cpu"
    )
