"""The table of a processor, from the results that the benchmark database of a store holds.

An operation is described there under its key (`dlscope.devices.measured.operation_key`); a result
is of one precision, batch size and number of threads. Of several results the newest counts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlscope.core.errors import MeasurementError
from dlscope.devices.measured import MeasuredRow, MeasuredTable
from dlscope.devices.precision import Precision
from dlscope.store.benchmarks import BenchmarkFilter, BenchmarkResult, Benchmarks

PRECISIONS = {
    "float32": Precision.of(32),
    "float16": Precision.of(16),
    "int8": Precision.of(8),
}
"""What the dtype of a result says of its bits."""


def measured_table(
    benchmarks: Benchmarks,
    *,
    here: str,
    implementation: str = "onnxruntime",
    threads: int = 1,
    batch: int = 1,
    machine: str | None = None,
) -> MeasuredTable:
    """What was measured on the machine `here`, given by its fingerprint.

    `machine` accepts the rows of another one in their place. Raises `MeasurementError` where
    there are none, naming the machines that there are rows of.
    """
    wanted = BenchmarkFilter(
        implementation=implementation, threads=threads, batch=batch, state="hot", status="ok"
    )
    found = benchmarks.rows(wanted, compare=True, mixed_versions=True)
    source = machine or here
    of_source = [each for each in found if each.key.fingerprint == source]
    if not of_source:
        raise _nothing(found, source)
    return MeasuredTable.of_machine(
        source, _newest(of_source), here=here, threads=threads, allow_foreign=machine is not None
    )


def _newest(results: Sequence[BenchmarkResult]) -> list[MeasuredRow]:
    latest = sorted(results, key=lambda each: each.started_utc)
    known = (each for each in latest if each.key.dtype in PRECISIONS)
    by_key = {(each.key.brick_id, each.key.dtype): each for each in known}
    return [_row(each) for each in by_key.values()]


def _row(result: BenchmarkResult) -> MeasuredRow:
    samples = np.asarray(result.samples_ns, dtype=np.float64)
    return MeasuredRow(
        operation=result.key.brick_id,
        precision=PRECISIONS[result.key.dtype],
        median_ns=result.median_ns,
        mad_ns=float(np.median(np.abs(samples - result.median_ns))),
        n=result.n,
    )


def _nothing(found: Sequence[BenchmarkResult], source: str) -> MeasurementError:
    others = sorted({each.key.fingerprint[:12] for each in found})
    there = f"there are rows of {', '.join(others)}" if others else "there are none of any machine"
    return MeasurementError(
        "no operation was measured on this machine",
        where=f"machine {source[:12]}; {there}",
        fix="measure: dlscope codesign profile --space SPACE --device local:cpu"
        + ("; or accept another machine's with --foreign-table" if others else ""),
    )
