"""`compose`: the latency of a model from those of its bricks (DLBricks, section III-C).

    T = t₀ + Σ_b c_b · (t_b − o) + v · t_view

t_b is a brick's time in the walk, c_b how often the model has it, o what its session adds, t₀ what
one session call adds to the whole model, v the layers that move nothing. What a session adds is
between what one that does nothing takes over and over and what it takes in the walk: half of what
the cold caches of the walk add is paid by a layer in its model, too. Of windows that overlap, each
adds max(0, t_window − t_overlap) instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.units import format_percent
from dlscope.graph.brick import Brick
from dlscope.graph.dag import Dag
from dlscope.graph.paths import critical_path
from dlscope.methods.bricks.composed_model import ComposedModel, Step, Term
from dlscope.methods.bricks.times import BrickTimes, Samples, Times

COLD_SHARE = 0.5
"""The share of a null's cold part that a layer pays in a model as well; see decision 0013."""
UNCERTAIN_NS = 3_000.0
"""What is added for a session is known to about this much."""
RESAMPLES, SEED = 1_000, 0
_SENSITIVE = frozenset({"Compress", "If", "Loop", "NonMaxSuppression", "NonZero", "Scan", "Unique"})
_MOST_UNCERTAIN = 0.03
_UNPAIRED = "bricks and model were timed at different times, so the ratio is not paired"


@final
@dataclass(frozen=True)
class Part:
    """One brick of a model: how often, and what it adds to the latency each time."""

    brick: str
    label: str
    count: int
    each_ns: float


@final
@dataclass(frozen=True)
class Estimate:
    """A model's latency put together, beside what was measured where it was.

    Intervals are of 95 %. `ratio` is composed ÷ measured, paired round by round. `hot_ns` and
    `walk_ns` bracket the estimate: from bricks timed over and over, and from those of the walk with
    the least that a session adds. `spread` is the standard deviation of the ratio, or else of the
    latency, between processes, relative. A model with bricks that have no time is not complete:
    `missing` is the share of its layers, and there is no latency. `clamped` windows took less than
    what they share with the one before, and count as 0.
    """

    model: ComposedModel
    composed_ns: float | None
    interval_ns: tuple[float, float] | None
    measured_ns: float | None = None
    ratio: float | None = None
    ratio_interval: tuple[float, float] | None = None
    hot_ns: float | None = None
    walk_ns: float | None = None
    touch_ns: float | None = None
    spread: float | None = None
    parallel_ns: float | None = None
    processes: int = 0
    parts: tuple[Part, ...] = ()
    assumptions: tuple[str, ...] = ()
    missing: float = 0.0
    clamped: int = 0


def compose(
    model: ComposedModel,
    bricks: Mapping[str, Brick],
    processes: Sequence[Times],
    *,
    against_ns: float | None = None,
) -> Estimate:
    """The latency of `model` from what each process measured, pooled by median.

    Beside what the processes measured of the whole model, or beside `against_ns`.
    """
    complete = [times for times in processes if not _absent(model, times)]
    if not complete:
        return _incomplete(model, bricks, processes)
    rounds = [_composed(model, times, _session_ns) for times in complete]
    lows = partial(_pooled, complete, model)
    point, interval = _median_of(rounds)
    measured, ratios = _measured(model, complete, rounds, against_ns)
    ratio, ratio_interval = _median_of(ratios) if ratios else (None, None)
    is_apart = against_ns is not None or not all(times.are_paired(model) for times in complete)
    unpaired = (_UNPAIRED,) if ratios and is_apart else ()
    return Estimate(
        model=model,
        composed_ns=point,
        interval_ns=interval,
        measured_ns=measured,
        ratio=ratio,
        ratio_interval=ratio_interval,
        hot_ns=lows("hot_ns", _hot_ns),
        walk_ns=float(np.median([np.median(_composed(model, each, _hot_ns)) for each in complete])),
        touch_ns=lows("touch_ns", _session_ns),
        spread=_spread(ratios or rounds),
        parallel_ns=_parallel_ns(model, complete),
        processes=len(complete),
        parts=tuple(_parts(model, bricks, complete)),
        assumptions=(*_assumptions(model, bricks, point), *unpaired),
        clamped=_clamped(model, complete),
    )


def _absent(model: ComposedModel, times: Times) -> list[str]:
    return [brick for brick in model.occurrences() if times.of(brick, model) is None]


def _session_ns(times: BrickTimes) -> float:
    """What its session adds to a brick in the walk."""
    return times.null_hot_ns + COLD_SHARE * (times.null_ns - times.null_hot_ns)


def _hot_ns(times: BrickTimes) -> float:
    """The least that a session adds."""
    return times.null_hot_ns


def _composed(model: ComposedModel, times: Times, added: Callable[[BrickTimes], float]) -> Samples:
    """The latency composed in each round."""
    known = {brick: _known(times, brick, model) for brick in model.occurrences()}
    rounds = min((len(each.walk) for each in known.values()), default=1)
    taken = {
        brick: np.maximum(each.walk[:rounds] - added(each), 0.0) for brick, each in known.items()
    }
    total = np.zeros(rounds)
    for term in model.terms:
        total += term.count * _beyond_overlap(term, taken)
    return total + _around(model, times)


def _beyond_overlap(term: Term, taken: Mapping[str, Samples]) -> Samples:
    """What a brick takes; of a window, beyond what it shares with the one before."""
    if term.overlap is None:
        return taken[term.brick]
    found: Samples = np.maximum(taken[term.brick] - taken[term.overlap], 0.0)
    return found


def _pooled(
    processes: Sequence[Times],
    model: ComposedModel,
    state: str,
    added: Callable[[BrickTimes], float],
) -> float | None:
    """The latency composed of medians in another state, None where it was not measured."""
    totals = []
    for times in processes:
        known = {brick: _known(times, brick, model) for brick in model.occurrences()}
        medians = {brick: getattr(each, state) for brick, each in known.items()}
        if any(median is None for median in medians.values()):
            return None
        taken = {
            brick: np.maximum(np.asarray(medians[brick], dtype=np.float64) - added(each), 0.0)
            for brick, each in known.items()
        }
        layers = sum(term.count * float(_beyond_overlap(term, taken)) for term in model.terms)
        totals.append(layers + _around(model, times))
    return float(np.median(totals))


def _around(model: ComposedModel, times: Times) -> float:
    """What one call of a session adds to the whole, and what layers cost that move nothing."""
    bricks = [_known(times, brick, model) for brick in model.occurrences()]
    if not bricks:
        return 0.0
    return bricks[0].null_hot_ns + model.views * bricks[0].view_ns


def _known(times: Times, brick: str, model: ComposedModel) -> BrickTimes:
    found = times.of(brick, model)
    assert found is not None  # only complete processes come here
    return found


def _measured(
    model: ComposedModel,
    processes: Sequence[Times],
    rounds: Sequence[Samples],
    against_ns: float | None,
) -> tuple[float | None, list[Samples]]:
    """The latency of the whole model, and composed ÷ measured of each process that has both."""
    if against_ns is not None:
        return against_ns, [each / against_ns for each in rounds]
    found = [
        (composed, times.wholes[model.whole], times.are_paired(model))
        for composed, times in zip(rounds, processes, strict=True)
        if model.whole in times.wholes
    ]
    if not found:
        return None, []
    measured = float(np.median([np.median(whole) for _, whole, _ in found]))
    return measured, [_ratios(*each) for each in found]


def _ratios(composed: Samples, whole: Samples, is_paired: bool) -> Samples:
    """Composed ÷ the mean of the runs right before and right after, round by round.

    Rounds of bricks that were timed later than the model have nothing to do with its own. Where
    bricks were known after fewer rounds, the first ones are those that both have.
    """
    if not is_paired:
        return np.atleast_1d(np.median(composed) / np.median(whole))
    found: Samples = composed / whole[: len(composed)].mean(axis=1)
    return found


def _median_of(rounds: Sequence[Samples]) -> tuple[float, tuple[float, float]]:
    """Median over processes of medians over rounds, with its bootstrap interval.

    1 000 resamples of the rounds of each process, and of the processes, from one seed.
    """
    generator = np.random.default_rng(SEED)
    medians = np.stack([_resampled_medians(each, generator) for each in rounds])
    chosen = generator.integers(len(rounds), size=(len(rounds), RESAMPLES))
    pooled = np.median(np.take_along_axis(medians, chosen, axis=0), axis=0)
    low, high = np.quantile(pooled, [0.025, 0.975])
    return float(np.median([np.median(each) for each in rounds])), (float(low), float(high))


def _resampled_medians(rounds: Samples, generator: np.random.Generator) -> NDArray[np.float64]:
    indices = generator.integers(len(rounds), size=(RESAMPLES, len(rounds)))
    medians: NDArray[np.float64] = np.median(rounds[indices], axis=1)
    return medians


def _spread(rounds: Sequence[Samples]) -> float | None:
    """The relative standard deviation between processes, None of a single one."""
    medians = [float(np.median(each)) for each in rounds]
    return float(np.std(medians, ddof=1) / np.mean(medians)) if len(medians) > 1 else None


def _parts(
    model: ComposedModel, bricks: Mapping[str, Brick], processes: Sequence[Times]
) -> list[Part]:
    found = []
    for term in model.terms:
        each = [max(_each_ns(term, model, times), 0.0) for times in processes]
        label = " without ".join(bricks[brick].label for brick in term.bricks)
        found.append(Part(term.brick, label, term.count, float(np.median(each))))
    return sorted(found, key=lambda part: -part.count * part.each_ns)


def _each_ns(term: Term, model: ComposedModel, times: Times) -> float:
    """The median of one term; of a window less its overlap it may be negative."""
    taken = [_taken_ns(_known(times, brick, model)) for brick in term.bricks]
    return taken[0] - sum(taken[1:])


def _taken_ns(brick: BrickTimes) -> float:
    return max(float(np.median(brick.walk)) - _session_ns(brick), 0.0)


def _clamped(model: ComposedModel, processes: Sequence[Times]) -> int:
    """How many windows take less than what they share with the one before, in most processes."""
    return sum(
        term.count
        for term in model.differences
        if np.median([_each_ns(term, model, times) for times in processes]) < 0
    )


def _parallel_ns(model: ComposedModel, processes: Sequence[Times]) -> float | None:
    """The longest path through the bricks: what is left where those overlap that can."""
    if not model.steps or model.differences:
        return None
    makers: dict[int, int] = {}
    predecessors: dict[int, set[int]] = {}
    for index, step in enumerate(model.steps):
        predecessors[index] = {makers[each] for each in step.inputs if each in makers}
        makers.update(dict.fromkeys(step.outputs, index))
    dag = Dag.of(range(len(model.steps)), predecessors)
    totals = []
    for times in processes:
        weights = {
            index: round(_step_ns(step, model, times)) for index, step in enumerate(model.steps)
        }
        totals.append(critical_path(dag, weights).total)
    return float(np.median(totals))


def _step_ns(step: Step, model: ComposedModel, times: Times) -> float:
    if step.brick is None:
        return 0.0
    return _taken_ns(_known(times, step.brick, model))


def _assumptions(model: ComposedModel, bricks: Mapping[str, Brick], total_ns: float) -> list[str]:
    found = []
    operators = {layer.op_type for brick in model.occurrences() for layer in bricks[brick].layers}
    sensitive = sorted(operators & _SENSITIVE)
    if sensitive:
        found.append(f"{', '.join(sensitive)} take as long as on the values that were fed")
    runs = model.occurrences().total()
    if runs and UNCERTAIN_NS * runs > _MOST_UNCERTAIN * total_ns:
        share = UNCERTAIN_NS * runs / total_ns
        told = format_percent(share)
        found.append(f"what sessions add is known to 3 µs each, here {told} of the latency")
    return found


def _incomplete(
    model: ComposedModel, bricks: Mapping[str, Brick], processes: Sequence[Times]
) -> Estimate:
    """No latency, and the share of layers that have no time in any process."""
    absent = set(model.occurrences())
    for times in processes:
        absent &= set(_absent(model, times))
    absent = absent or {brick for times in processes for brick in _absent(model, times)}
    layers = sum(
        term.count * _own_layers(term, bricks)
        for term in model.terms
        if not absent.isdisjoint(term.bricks)
    )
    return Estimate(model, None, None, missing=layers / max(model.layers, 1))


def _own_layers(term: Term, bricks: Mapping[str, Brick]) -> int:
    """The layers for which a term stands: of a window those that its overlap lacks."""
    layers = [len(bricks[brick].layers) for brick in term.bricks]
    return layers[0] - sum(layers[1:])
