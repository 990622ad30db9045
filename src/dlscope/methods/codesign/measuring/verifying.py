"""`measured_designs`: designs timed beside networks whose time is known: predicted, and measured.

A machine that is faster or slower today than when its table was made would make every prediction
wrong alike; so what the known networks take now says how fast it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from dlscope.core.errors import MeasurementError
from dlscope.core.stats import percentile_interval
from dlscope.core.table import Table
from dlscope.devices.precision import Precision
from dlscope.graph.builder import serialize
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.measuring.design_model import design_model
from dlscope.methods.codesign.measuring.levelling import Times, anchored
from dlscope.methods.codesign.measuring.profiling import Profiled
from dlscope.methods.codesign.measuring.rows import TimedNetwork
from dlscope.methods.codesign.measuring.walk_protocol import WalkProtocol
from dlscope.methods.codesign.measuring.walking import walked
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.tables import Record, search_table

Told = Callable[[str, float], None]
_MOST_ANCHORS = 12


def measured_designs(
    implementer: Implementer,
    designs: Mapping[str, Design],
    profiled: Profiled,
    protocol: WalkProtocol,
    told: Told = lambda *_: None,
) -> Table:
    """Table `predicted`: each of `designs`, by name, as its device tells it and as it was timed.

    Weights are drawn: times do not depend on them. Raises `MeasurementError` where no network of
    the space was timed on this machine.
    """
    space = implementer.space
    anchors = _anchors(profiled)
    wanted = [(each, _precision(implementer, each)) for each in designs.values()]
    models = [
        serialize(design_model(space, design, precision))
        for design, precision in [*wanted, *((each.design, each.precision) for each in anchors)]
    ]
    found = walked(models, protocol, told)
    if found.failed:
        place, reason = next(iter(found.failed.items()))
        raise MeasurementError(
            f"design {place} of {len(models)} cannot be timed: {reason}",
            where=f"space {space.name}",
            fix="profile the space again with the versions that are installed",
        )
    known = [profiled.rows[each].median_ns for each in anchors]
    times = anchored(found.times, range(len(designs), len(models)), known)
    predicted = implementer.times_ns(list(designs.values())).tolist()
    return search_table("predicted", _rows(list(designs), predicted, times))


def _anchors(profiled: Profiled) -> Sequence[TimedNetwork]:
    timed = [each for each in profiled.networks if profiled.has_time(each)]
    if not timed:
        raise MeasurementError(
            "no network of the space was timed on this machine",
            where=f"space {profiled.space.name}",
            fix=f"dlscope codesign profile --space {profiled.space.name} --device local:cpu",
        )
    step = max(1, len(timed) // _MOST_ANCHORS)
    return timed[::step][:_MOST_ANCHORS]


def _precision(implementer: Implementer, design: Design) -> Precision:
    return implementer.space.precisions[design.precisions[0]]


def _rows(names: Sequence[str], predicted: Sequence[float], times: Times) -> Iterator[Record]:
    for place, (name, told_ns) in enumerate(zip(names, predicted, strict=True)):
        samples = times[:, place]  # in the order they were taken, as the interval wants them
        median = float(np.median(samples))
        lo, hi = percentile_interval(samples, 0.5)
        yield {
            "design": name,
            "predicted_ns": told_ns,
            "measured_ns": median,
            "measured_lo_ns": float(lo),
            "measured_hi_ns": float(hi),
            "error": told_ns / median - 1,
        }
