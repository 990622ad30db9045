"""A profile whose times are made up: operations take 1 ns a product, networks a + b · Σ."""

from __future__ import annotations

import functools

import numpy as np

from dlscope.methods.codesign.measuring.operations import parts_of, timed_operations
from dlscope.methods.codesign.measuring.profiling import Profiled
from dlscope.methods.codesign.measuring.rows import (
    Conditions,
    TimedNetwork,
    calibration_designs,
    result_of,
)
from dlscope.methods.codesign.measuring.walk_protocol import WalkProtocol
from dlscope.methods.codesign.space.space import Space

NULL_NS = 2000.0
CONDITIONS = Conditions(WalkProtocol(), "f" * 64)


@functools.cache
def made_up(space: Space, *, fixed_ns=5000.0, factor=1.1, noise=0.0, spread=0.0) -> Profiled:
    """Networks vary by `noise` from the line, samples by `spread` around their median."""
    rng = np.random.default_rng(0)
    operations = tuple(timed_operations(space))
    networks = tuple(
        TimedNetwork(design, precision)
        for place, precision in enumerate(space.precisions)
        for design in calibration_designs(space, place, 48, seed=0)
    )
    rows = {each: _row(each, work(each.layers) + NULL_NS, spread) for each in operations}
    for each in networks:
        layers = [layers for _, layers in parts_of(space, each.design) if layers]
        line = fixed_ns + factor * sum(map(work, layers))
        rows[each] = _row(each, line * np.exp(noise * rng.standard_normal()), spread)
    return Profiled(space, operations, networks, rows)


def work(layers) -> float:
    return 10_000.0 + float(sum(layer.macs for layer in layers))


def _row(timed, median_ns: float, spread: float):
    samples = median_ns * (1 + spread * np.array([-2, -1, 0, 1, 2]))
    return result_of(timed, CONDITIONS, samples, "2026-01-01T00:00:00Z", {"null_ns": NULL_NS})
