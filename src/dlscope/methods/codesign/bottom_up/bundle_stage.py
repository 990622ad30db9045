"""Stage 1: every bundle in a sketch of equal work; of each class the best go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, final

from dlscope.core.errors import GraphError, PlanError
from dlscope.methods.codesign.bottom_up.candidates import Candidate, Trial
from dlscope.methods.codesign.bottom_up.fitness import Fitness
from dlscope.methods.codesign.bottom_up.selection import classes, in_turns, non_dominated
from dlscope.zoo.bundles.bundle import Act, Bundle
from dlscope.zoo.bundles.layout import StackedLayout
from dlscope.zoo.bundles.sketch import sketch

Evaluate: TypeAlias = Callable[[Trial, str], Candidate]
Resource: TypeAlias = Callable[[StackedLayout], float]
"""What a network takes of a device: parameters of a processor, DSPs of a board."""
STAGE = "bundles"


@final
@dataclass(frozen=True)
class BundleOptions:
    """The work of a sketch in MACs, how long it is trained, and how many bundles may go on."""

    macs: float
    epochs: int = 1
    repeats: int = 5
    classes: int = 3
    most: int = 5
    act: Act = "relu"
    size: tuple[int, int] = (160, 320)


@final
@dataclass(frozen=True)
class BundleFigures:
    """A bundle as its sketch shows it: `group` is its class of resources, from 0."""

    candidate: Candidate
    resource: float
    group: int
    fitness: float
    is_pareto: bool = False
    goes_on: bool = False

    @property
    def bundle(self) -> Bundle:
        """The bundle."""
        return self.candidate.network.bundle

    def to_json(self) -> dict[str, Any]:
        """The row of `bundles.json`."""
        network = self.candidate.network
        latencies = self.candidate.latencies_ms
        return {
            "id": self.bundle.id,
            "components": [component.name for component in self.bundle.components],
            "widths": list(network.widths),
            "params": network.trainable,
            "macs": network.macs,
            "peak_activation_bytes": network.peak_activation_bytes,
            "acc": self.candidate.accuracy,
            "latency_ms": next(iter(latencies.values())),
            "latencies_ms": dict(latencies),
            "resource": self.resource,
            "group": self.group,
            "fitness": self.fitness,
            "pareto": self.is_pareto,
            "goes_on": self.goes_on,
        }


@final
@dataclass(frozen=True)
class BundleComparison:
    """All bundles with a sketch of that work, and why the others have none."""

    figures: tuple[BundleFigures, ...]
    left_out: Mapping[str, str]

    @property
    def going_on(self) -> tuple[BundleFigures, ...]:
        """Those that the swarm has a group for."""
        return tuple(each for each in self.figures if each.goes_on)


def compare_bundles(
    bundles: Sequence[Bundle],
    options: BundleOptions,
    evaluate: Evaluate,
    fitness: Fitness,
    resource: Resource,
) -> BundleComparison:
    """Sketch, judge and select. Raises `PlanError` where no bundle has a sketch of that work."""
    sketches, left_out = _sketches(bundles, options)
    if not sketches:
        raise PlanError(
            f"the search space is empty: none of {len(bundles)} bundles has a sketch of "
            f"{options.macs:,.0f} multiply-accumulates",
            where="bottom-up search, bundles",
            fix="name bundles, and ask for more work",
        )
    candidates = [evaluate(Trial(network, options.epochs), STAGE) for network in sketches]
    resources = [resource(network) for network in sketches]
    values = [fitness.of(each.accuracy, each.latencies_ms) for each in candidates]
    figures = [
        BundleFigures(candidate, taken, group, value)
        for candidate, taken, group, value in zip(
            candidates, resources, classes(resources, options.classes), values, strict=True
        )
    ]
    return BundleComparison(tuple(_selected(figures, options.most)), left_out)


def _sketches(
    bundles: Sequence[Bundle], options: BundleOptions
) -> tuple[list[StackedLayout], dict[str, str]]:
    found: list[StackedLayout] = []
    left_out: dict[str, str] = {}
    for bundle in bundles:
        try:
            found.append(
                sketch(
                    bundle,
                    options.macs,
                    repeats=options.repeats,
                    act=options.act,
                    size=options.size,
                )
            )
        except GraphError as error:
            left_out[bundle.id] = error.what
    return found, left_out


def _selected(figures: Sequence[BundleFigures], most: int) -> list[BundleFigures]:
    """Pareto bundles of each class by error, latencies and resource; at most `most` go on."""
    marked = list(figures)
    for group in sorted({each.group for each in figures}):
        places = [place for place, each in enumerate(figures) if each.group == group]
        points = [_point(figures[place]) for place in places]
        for place, is_pareto in zip(places, non_dominated(points), strict=True):
            marked[place] = replace(marked[place], is_pareto=is_pareto)
    fronts = [place for place, each in enumerate(marked) if each.is_pareto]
    kinds = [marked[place].group for place in fronts]
    for chosen in in_turns(kinds, [marked[place].fitness for place in fronts], most):
        marked[fronts[chosen]] = replace(marked[fronts[chosen]], goes_on=True)
    return marked


def _point(figures: BundleFigures) -> tuple[float, ...]:
    candidate = figures.candidate
    return (-candidate.accuracy, *candidate.latencies_ms.values(), figures.resource)
