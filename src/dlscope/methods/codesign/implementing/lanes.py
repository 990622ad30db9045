"""The best powers of two of lanes, for many designs at once.

B designs of L layers, P powers of two from one lane on, R resources, K engines.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dlscope.devices.base import Floats
from dlscope.methods.codesign.implementing.layer_arrays import Booleans, Integers, LayerArrays

_SLACK = 1e-9  # what rounding may add to a sum of resources
_ROUNDING, _FASTER = 1e-13, 1e-9  # far below what a power of two changes
_TOO_MANY = 100
_BISECTIONS = 8
_MOST_CELLS = 2_000_000


class Solved(NamedTuple):
    """Lanes of each layer as logarithms, [B, L], and the time, [B], infinite where nothing fits."""

    lanes_log2: Integers
    time_ns: Floats


def pipeline_lanes(layers: LayerArrays, budget: Floats) -> Solved:
    """The fastest slowest stage, at the fewest lanes that reach it.

    Fewer lanes fit wherever more do. Bisection comes near to the least time that fits; from there
    the slowest stages are doubled until that does not fit.
    """
    room = budget[:, None] - layers.fixed.sum(axis=-1)  # [R, B]
    low_ns, high_ns = _time_range_ns(layers)
    lanes = _least_lanes(layers, high_ns)
    is_feasible = _fits(lanes, layers, room)
    for _ in range(_BISECTIONS):
        middle_ns = np.sqrt(low_ns * high_ns)
        tried = _least_lanes(layers, middle_ns)
        fits = _fits(tried, layers, room)
        lanes = np.where(fits[:, None], tried, lanes)
        high_ns = np.where(fits, middle_ns, high_ns)
        low_ns = np.where(fits, low_ns, middle_ns)
    time_ns = np.asarray(_times_ns(layers, lanes).max(axis=1))
    _double_slowest(layers, room, lanes, time_ns)
    return Solved(lanes, np.where(is_feasible, time_ns, np.inf))


def _double_slowest(layers: LayerArrays, room: Floats, lanes: Integers, time_ns: Floats) -> None:
    """Go to the next faster design, in place, as long as that fits."""
    active = np.arange(len(lanes))
    while len(active):
        some = layers.at(active)
        tried = _least_lanes(some, time_ns[active] * (1 - _FASTER))
        fits = _fits(tried, some, room[:, active])
        active = active[fits]
        lanes[active] = tried[fits]
        time_ns[active] = _times_ns(layers.at(active), lanes[active]).max(axis=1, initial=0.0)


def engine_lanes(layers: LayerArrays, budget: Floats) -> Solved:
    """The least sum of all layers; those of one engine have its lanes and take them once.

    All combinations of powers of two are tried.
    """
    engines, powers = int(layers.engine.max()) + 1, int(layers.most_log2.max()) + 1
    step = max(1, _MOST_CELLS // powers**engines)
    parts = [
        _engine_lanes(layers.at(slice(start, start + step)), budget)
        for start in range(0, len(layers.exists), step)
    ]
    return Solved(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def _engine_lanes(layers: LayerArrays, budget: Floats) -> Solved:
    """One engine after the other, each at every power of two: [B, P^K] in the end."""
    times = np.where(layers.exists[..., None], _all_times_ns(layers), 0.0)
    count, powers = len(times), np.arange(times.shape[-1])
    engines = int(layers.engine.max()) + 1
    total_ns = np.zeros((count, 1))
    room = np.broadcast_to((budget * (1 + _SLACK))[:, None, None], (len(budget), count, 1))
    for engine in range(engines):
        own = layers.exists & (layers.engine == engine)
        engine_ns = np.where(own[..., None], times, 0.0).sum(axis=1)  # [B, P]
        # One that nothing runs on is not built, and has one way not to be.
        engine_ns[~own.any(axis=1), 1:] = np.inf
        lane = np.where(own, layers.lane_costs, 0.0).max(axis=-1, initial=0.0)  # [R, B]
        fixed = np.where(own, layers.fixed, 0.0).max(axis=-1, initial=0.0)
        taken = fixed[..., None] + lane[..., None] * 2.0**powers
        total_ns = (total_ns[:, :, None] + engine_ns[:, None, :]).reshape(count, -1)
        room = (room[..., None] - taken[:, :, None, :]).reshape(len(budget), *total_ns.shape)
    fits = np.asarray((room >= 0).all(axis=0))
    best = np.where(fits, total_ns, np.inf).argmin(axis=1)
    rows = np.arange(count)
    digits = np.stack(np.unravel_index(best, [len(powers)] * engines), axis=1)  # [B, K]
    lanes = np.take_along_axis(digits, layers.engine, axis=1)
    time_ns = np.where(fits[rows, best], total_ns[rows, best], np.inf)
    return Solved(np.where(layers.exists, lanes, 0), time_ns)


def _all_times_ns(layers: LayerArrays) -> Floats:
    """Time of each layer at each power of two, infinite beyond its most; [B, L, P]."""
    powers = np.arange(int(layers.most_log2.max(initial=0)) + 1)
    scaled = layers.scaling_ns[..., None] / 2.0**powers + layers.added_ns[..., None]
    times = np.maximum(scaled, layers.least_ns[..., None])
    return np.where(powers <= layers.most_log2[..., None], times, np.inf)


def _times_ns(layers: LayerArrays, lanes_log2: Integers) -> Floats:
    scaled = layers.scaling_ns / 2.0**lanes_log2 + layers.added_ns
    return np.where(layers.exists, np.maximum(scaled, layers.least_ns), 0.0)


def _time_range_ns(layers: LayerArrays) -> tuple[Floats, Floats]:
    """Times that the slowest stage has at most and at least lanes; the second is the longer."""
    fastest = _times_ns(layers, layers.most_log2).max(axis=1)
    return fastest * (1 - _FASTER), _times_ns(layers, np.zeros_like(layers.most_log2)).max(axis=1)


def _least_lanes(layers: LayerArrays, limit_ns: Floats) -> Integers:
    """The least power of two of each layer that is within the limit, far too much where none is.

    a / p + c ≤ T asks for p ≥ a / (T − c).
    """
    left_ns = limit_ns[:, None] - layers.added_ns
    can_be = (left_ns > 0) & (limit_ns[:, None] >= layers.least_ns)
    ratio = np.divide(
        layers.scaling_ns, left_ns, out=np.zeros_like(layers.scaling_ns), where=can_be
    )
    mantissa, exponent = np.frexp(ratio * (1 - _ROUNDING))
    lanes = np.maximum(exponent - (mantissa == 1 / 2), 0)
    return np.where(layers.exists, np.where(can_be, lanes, _TOO_MANY), 0)


def _fits(lanes: Integers, layers: LayerArrays, room: Floats) -> Booleans:
    has_lanes = (lanes <= layers.most_log2) | ~layers.exists
    taken = (layers.lane_costs * 2.0**lanes).sum(axis=-1)
    return np.asarray(has_lanes.all(axis=1) & (taken <= room + _SLACK * np.abs(room)).all(axis=0))
