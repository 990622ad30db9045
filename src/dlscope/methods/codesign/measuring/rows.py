"""What was timed for a space as rows of the benchmark database, and back.

A row holds levelled times of whole calls; what a call takes without any layer stands beside them
and is taken off where an operation is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, final

import numpy as np
import onnxruntime

from dlscope.core.digest import digest
from dlscope.devices.measured import MeasuredRow, operation_key
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.measuring.emitted_form import emitted_form
from dlscope.methods.codesign.measuring.operations import DTYPES, TimedOperation
from dlscope.methods.codesign.measuring.walk_protocol import WalkProtocol
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space
from dlscope.store.benchmarks import Benchmark, BenchmarkFilter, BenchmarkKey, BenchmarkResult

_IMPLEMENTATION = "onnxruntime"


@final
@dataclass(frozen=True)
class Conditions:
    """Under what conditions rows are timed: protocol, fingerprint of the environment."""

    protocol: WalkProtocol
    fingerprint: str

    def key(self, benchmark: Benchmark, precision: Precision) -> BenchmarkKey:
        """The key of a row."""
        return BenchmarkKey(
            brick_id=benchmark.brick_id,
            dtype=DTYPES[precision],
            batch=1,
            state="hot",
            algorithm=f"emitted {emitted_form(precision)}",
            **self._shared(),
        )

    @property
    def wanted(self) -> BenchmarkFilter:
        """What accepts the rows of these conditions and no others."""
        return BenchmarkFilter(**self._shared())

    def _shared(self) -> dict[str, Any]:
        return {
            "fingerprint": self.fingerprint,
            "implementation": _IMPLEMENTATION,
            "implementation_version": onnxruntime.__version__,
            "tool_version": version("dlscope"),
            "threads": self.protocol.threads,
            "clock": self.protocol.clock,
            "protocol": self.protocol.digest,
        }


@final
@dataclass(frozen=True)
class TimedNetwork:
    """A whole design that is timed to calibrate with."""

    design: Design
    precision: Precision


Timed = TimedOperation | TimedNetwork


def benchmark_of(timed: Timed) -> Benchmark:
    """What the database knows an operation or a network by."""
    if isinstance(timed, TimedNetwork):
        plain = timed.design.to_json()
        return Benchmark(f"network {digest(plain)[:32]}", "calibration", plain, {})
    canonical = [str(layer) for layer in timed.layers]
    work = {"macs": sum(layer.macs for layer in timed.layers)}
    return Benchmark(f"operation {operation_key(timed.layers)}", "fused", canonical, work)


def result_of(
    timed: Timed,
    conditions: Conditions,
    samples_ns: Sequence[float],
    started_utc: str,
    extra: dict[str, Any],
) -> BenchmarkResult:
    """The row of one model that was timed."""
    whole = np.rint(np.asarray(samples_ns)).astype(np.int64)
    key = conditions.key(benchmark_of(timed), timed.precision)
    return BenchmarkResult(key, "ok", "", whole.tolist(), None, started_utc, extra)


def failure_of(
    timed: Timed, conditions: Conditions, reason: str, started_utc: str
) -> BenchmarkResult:
    """The row of one that could not be timed."""
    key = conditions.key(benchmark_of(timed), timed.precision)
    return BenchmarkResult(key, "unsupported", reason, (), None, started_utc)


def measured_row(timed: Timed, result: BenchmarkResult) -> MeasuredRow:
    """A row of a measured table: the call without layers taken off, except of a network."""
    samples = np.asarray(result.samples_ns, dtype=np.float64)
    median = float(np.median(samples))
    mad = float(np.median(np.abs(samples - median)))
    if isinstance(timed, TimedNetwork):
        return MeasuredRow(benchmark_of(timed).brick_id, timed.precision, median, mad, len(samples))
    # A call that vanishes in that of nothing is still no free operation.
    net = max(median - float(result.extra["null_ns"]), 1.0)
    return MeasuredRow(operation_key(timed.layers), timed.precision, net, mad, len(samples))


def calibration_designs(space: Space, precision: int, count: int, seed: int) -> list[Design]:
    """Different designs of `space` drawn at random, all at one precision; fewer where few exist."""
    rng = np.random.default_rng((seed, precision))
    bits = (precision,) * len(space.blocks)
    found: dict[Design, None] = {}
    for _ in range(count * 20):
        drawn = Design.random(space, rng)
        found.setdefault(Design(drawn.space_digest, drawn.operations, bits))
        if len(found) == count:
            break
    return list(found)
