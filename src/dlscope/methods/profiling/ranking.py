"""`ranking`: whether two frameworks rank models alike, and what makes them differ for each model.

Kendall's rank correlation with ties (τ-b): two models whose 95 % intervals overlap on a framework
are a tie there, so that noise never makes a difference.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlscope.core.stats import Interval
from dlscope.core.table import Cell, Column, Table
from dlscope.core.trace import Level
from dlscope.methods.profiling.analyses.base import BATCH, microseconds, percent
from dlscope.methods.profiling.families import family
from dlscope.methods.profiling.joining import joined
from dlscope.methods.profiling.node import Node
from dlscope.methods.profiling.profile import Profile

OUTSIDE = "outside of layers"
_COLUMNS = (
    Column("first", "str", "framework that the other is compared with"),
    Column("second", "str", "framework that is compared"),
    Column("threads", "int", "threads of a prediction", role="count", priority=3),
    BATCH,
    Column("models", "int", "models that both ran", role="count", priority=2),
    Column("tau", "float", "rank correlation (Kendall's τ-b) of their latencies", role="value"),
    Column("alike", "bool", "whether no two models change places", role="verdict"),
    Column("model", "str", "model", role="id"),
    Column("first_rank", "int", "its place on the first, the fastest is 1", role="count"),
    Column("second_rank", "int", "its place on the second", role="count"),
    Column("first_us", "float", "latency on the first", "µs", "value"),
    Column("second_us", "float", "latency on the second", "µs", "value"),
    Column("ratio", "float", "second by first", role="value"),
    Column("swapped_with", "str", "models faster on one and slower on the other"),
    Column("difference_in", "str", "what its layers do that makes most of the difference"),
    Column("difference_us", "float", "how much that makes, second − first", "µs", "value"),
    Column("difference_pct", "float", "of the difference of the latencies", "%", "share"),
    Column("layer", "str", "layer with most of the difference", priority=2),
    Column("layer_us", "float", "how much that makes, second − first", "µs", "value", 2),
)


class Part(NamedTuple):
    """A part of the model, and what it makes of the difference between two frameworks, in ns."""

    name: str
    change_ns: float


def ranking(profiles: Sequence[Profile]) -> Table:
    """One row for each pair of frameworks, their settings, and each model that both ran."""
    records = [record for first, second in _pairs(profiles) for record in _ranked(first, second)]
    note = "models whose 95 % intervals overlap on a framework are a tie there"
    return Table.of("ranking", _COLUMNS, records, note=note)


def kendall_tau(first: NDArray[np.int8], second: NDArray[np.int8]) -> float | None:
    """τ-b = Σ s·t / √(Σ s² · Σ t²) over all pairs (Kendall 1945).

    s and t are [n, n] matrices of signs: −1 where i comes before j, 0 for a tie. None where a side
    has nothing but ties.
    """
    s, t = first.astype(np.int64), second.astype(np.int64)
    scale = float(np.sum(s * s)) * float(np.sum(t * t))
    return float(np.sum(s * t)) / scale**0.5 if scale else None


def signs(intervals: Sequence[Interval]) -> NDArray[np.int8]:
    """[n, n]: −1 where i is faster than j, 1 where it is slower, 0 where they overlap."""
    lo, hi = (np.array([getattr(each, end) for each in intervals]) for end in ("lo", "hi"))
    slower, faster = lo[:, None] > hi[None, :], hi[:, None] < lo[None, :]
    return slower.astype(np.int8) - faster.astype(np.int8)


Models = Mapping[str, Profile]


def _pairs(profiles: Sequence[Profile]) -> Iterator[tuple[Models, Models]]:
    """Each two frameworks at the same threads and batch, with the models that both ran."""
    settings: dict[tuple[int, int], dict[str, dict[str, Profile]]] = {}
    for profile in profiles:
        if profile.model is None:
            continue
        setting = settings.setdefault((profile.threads, profile.batch_size), {})
        models = setting.setdefault(profile.run.plan.framework.name, {})
        models.setdefault(profile.run.plan.model.name, profile)
    for backends in settings.values():
        for one, other in itertools.combinations(backends.values(), 2):
            shared = [name for name in one if name in other]
            if shared:
                yield {name: one[name] for name in shared}, {name: other[name] for name in shared}


def _ranked(first: Models, second: Models) -> Iterator[dict[str, Cell]]:
    names = list(first)
    s, t = (signs([_interval(side[name]) for name in names]) for side in (first, second))
    ranks = [_ranks(side) for side in (first, second)]
    swapped = s * t < 0
    example = first[names[0]]
    tau = kendall_tau(s, t)
    shared: dict[str, Cell] = {
        "first": example.run.plan.framework.name,
        "second": second[names[0]].run.plan.framework.name,
        "threads": example.threads,
        "batch_size": example.batch_size,
        "models": len(names),
        "tau": tau,
        "alike": None if tau is None else not swapped.any(),
    }
    for place, name in enumerate(names):
        others = [names[other] for other in np.flatnonzero(swapped[place])]
        yield {
            **shared,
            "model": name,
            "first_rank": ranks[0][name],
            "second_rank": ranks[1][name],
            **_difference(first[name], second[name]),
            "swapped_with": ", ".join(others) or None,
        }


def _latency_ns(profile: Profile) -> float:
    assert profile.model is not None
    return profile.latency_ns(profile.model) or 0.0


def _interval(profile: Profile) -> Interval:
    """The interval of the latency, the latency itself where there are too few iterations."""
    assert profile.model is not None
    latency = _latency_ns(profile)
    return profile.model.interval_ns(profile.run_of(Level.MODEL)) or Interval(latency, latency)


def _ranks(models: Models) -> dict[str, int]:
    """The place of each model by latency, from 1."""
    ordered = sorted(models, key=lambda name: (_latency_ns(models[name]), name))
    return {name: place for place, name in enumerate(ordered, 1)}


def _difference(first: Profile, second: Profile) -> dict[str, Cell]:
    """Latencies, and the family and the layer that make the most of their difference."""
    before, after = _latency_ns(first), _latency_ns(second)
    change = after - before
    told: dict[str, Cell] = {
        "first_us": microseconds(before),
        "second_us": microseconds(after),
        "ratio": after / before if before else None,
    }
    if any(Level.LAYER not in each.levels for each in (first, second)):
        return told
    kind = _most(by_family(first, second), change)
    layer = _most(_by_layer(first, second), change)
    return {
        **told,
        "difference_in": kind.name if kind else None,
        "difference_us": microseconds(kind.change_ns) if kind else None,
        "difference_pct": percent(kind.change_ns, change) if kind else None,
        "layer": layer.name if layer else None,
        "layer_us": microseconds(layer.change_ns) if layer else None,
    }


def by_family(first: Profile, second: Profile) -> list[Part]:
    """What the layers of each family, and the model outside of all, make of the difference."""
    sums: dict[str, float] = defaultdict(float)
    for profile, sign in ((first, -1.0), (second, 1.0)):
        layers = profile.nodes(Level.LAYER)
        for layer in layers:
            sums[family(layer.type)] += sign * (profile.latency_ns(layer) or 0.0)
        assert profile.model is not None
        # Within the run that sees layers: the model alone may have been measured in a calmer hour.
        whole = profile.model.latency_ns(profile.run_of(Level.LAYER)) or 0.0
        sums[OUTSIDE] += sign * max(0.0, whole - _sum_ns(profile, layers))
    return [Part(name, sums[name]) for name in sorted(sums)]


def _by_layer(first: Profile, second: Profile) -> Iterator[Part]:
    for group in joined(first, second):
        change = _sum_ns(second, group.after) - _sum_ns(first, group.before)
        yield Part(group.name, change)


def _sum_ns(profile: Profile, layers: Sequence[Node]) -> float:
    return sum(profile.latency_ns(layer) or 0.0 for layer in layers)


def _most(parts: Iterable[Part], change: float) -> Part | None:
    """The part that changes the most in the direction of the whole."""
    same = [part for part in parts if part.change_ns * change > 0]
    return max(same, key=lambda part: abs(part.change_ns), default=None)
