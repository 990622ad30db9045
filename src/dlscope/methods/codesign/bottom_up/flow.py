"""`search_bottom_up`: all three stages in a folder, from the bundles to one trained network."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from dlscope.core.whole_file import write_whole
from dlscope.graph.builder import serialize
from dlscope.methods.codesign.bottom_up.bundle_stage import (
    BundleComparison,
    BundleFigures,
    BundleOptions,
    Evaluate,
    Resource,
    compare_bundles,
)
from dlscope.methods.codesign.bottom_up.candidates import WEIGHTS, Candidate, Candidates, Trial
from dlscope.methods.codesign.bottom_up.features import (
    MULTI_SCALE,
    FeatureFigures,
    FeatureOptions,
    add_features,
)
from dlscope.methods.codesign.bottom_up.fitness import Fitness
from dlscope.methods.codesign.bottom_up.judging import Judge, Latency
from dlscope.methods.codesign.bottom_up.position import Position, SwarmSpace
from dlscope.methods.codesign.bottom_up.swarm import Group, Swarm, SwarmOptions, search_groups
from dlscope.zoo.bundles.bundle import BUNDLES, Bundle
from dlscope.zoo.bundles.layout import StackedLayout
from dlscope.zoo.bundles.onnx_model import fold, onnx_model
from dlscope.zoo.bundles.sketch import POOLS
from dlscope.zoo.skynet.onnx_model import Lowering

FINAL, REFERENCE = "final", "reference"
_FEATURES = 7


@final
@dataclass(frozen=True)
class BottomUpSettings:
    """Everything that decides what is found, besides the judges.

    `resource` names what classes of bundles are made by. The network that is chosen is trained
    from scratch for `final_epochs` at the end, or not for 0; so is `reference`, where there is one.
    """

    fitness: Fitness
    sketches: BundleOptions
    space: SwarmSpace
    swarm: SwarmOptions
    features: FeatureOptions
    resource: str
    bundles: tuple[Bundle, ...] = BUNDLES
    final_epochs: int = 0
    reference: StackedLayout | None = None

    def to_json(self) -> dict[str, Any]:
        """All of it as plain data."""
        bundles = [bundle.id for bundle in self.bundles]
        parts = ("fitness", "sketches", "space", "swarm", "features")
        return {
            **{name: asdict(getattr(self, name)) for name in parts},
            "resource": self.resource,
            "bundles": bundles,
            "final_epochs": self.final_epochs,
            "reference": None if self.reference is None else self.reference.to_json(),
        }

    @property
    def trials(self) -> int:
        """At most so many networks are trained."""
        groups = min(self.sketches.most, len(self.bundles))
        moved = groups * self.swarm.particles * self.swarm.iterations
        return len(self.bundles) + moved + _FEATURES + 2


@final
@dataclass(frozen=True)
class BottomUpResult:
    """What each stage found, everything that was judged, and the network at the end.

    `chosen` is as stage 3 trained it, `final` after the training from scratch, if there was one;
    then `reference` was trained alike.
    """

    settings: BottomUpSettings
    comparison: BundleComparison
    swarm: Swarm
    features: tuple[FeatureFigures, ...]
    candidates: tuple[Candidate, ...]
    chosen: Candidate
    final: Candidate | None
    reference: Candidate | None

    @property
    def winner(self) -> Candidate:
        """The network with the weights it is told with."""
        return self.final or self.chosen


def search_bottom_up(
    settings: BottomUpSettings,
    judges: Mapping[str, Judge],
    latencies: Mapping[str, Latency],
    resource: Resource,
    folder: Path,
    *,
    described: Mapping[str, Any],
    resume: bool = False,
    told: Callable[[str, float], None],
) -> BottomUpResult:
    """Carry out the stages; every network that was judged is kept in `folder`.

    `judges` has one called `plain`, and one called `multi_scale` where that is to be tried. One
    called `final_plain`, or `final_multi_scale`, judges the last training, on data that no stage
    has seen. `described` is what else decides their answers, such as data and seed. Writes
    `bundles.json`, `winner.json`, `winner.npz` and `winner.onnx`. Raises as the stages do.
    """
    whole = {**settings.to_json(), "judges": sorted(judges), "described": dict(described)}
    kept = Candidates(folder, whole, judges, latencies, resume=resume)
    evaluate = _Told(kept, settings.trials, told)
    comparison = compare_bundles(
        settings.bundles, settings.sketches, evaluate, settings.fitness, resource
    )
    _write(folder / "bundles.json", [each.to_json() for each in comparison.figures])
    groups = [_group(each, settings) for each in comparison.going_on]
    swarm = search_groups(groups, settings.space, evaluate, settings.fitness, settings.swarm)
    features = add_features(
        swarm.best.candidate,
        evaluate,
        kept.latencies_ms,
        settings.fitness,
        settings.features,
        is_multi_scale=MULTI_SCALE in judges,
    )
    chosen = next(each.candidate for each in features if each.is_chosen and each.candidate)
    final, reference = _finished(settings, chosen, judges, evaluate)
    result = BottomUpResult(
        settings, comparison, swarm, features, tuple(kept.all), chosen, final, reference
    )
    write_winner(folder, result.winner)
    told("done", 1.0)
    return result


@final
class _Told:
    """Judges, and says before each network how far the search is."""

    def __init__(self, kept: Candidates, trials: int, told: Callable[[str, float], None]) -> None:
        self._kept, self._trials, self._told = kept, trials, told
        self._asked = 0

    def __call__(self, trial: Trial, stage: str) -> Candidate:
        widths = ", ".join(map(str, trial.network.widths))
        step = f"{stage}: {trial.network.bundle.id} of widths {widths}"
        self._told(step, self._asked / self._trials)
        self._asked += 1
        return self._kept.judged(trial, stage)


def _group(figures: BundleFigures, settings: BottomUpSettings) -> Group:
    """A group around the sketch of its bundle, where that has as many bundles as the space."""
    sketched, space = figures.candidate.network, settings.space
    bundle, act, size = figures.bundle, sketched.act, sketched.size

    def build(position: Position) -> StackedLayout:
        return StackedLayout(bundle, position.widths, position.pools, act=act, size=size)

    alike = len(sketched.widths) == space.bundles and len(POOLS) == space.pools
    first = space.nearest(sketched.widths, sketched.pools) if alike else None
    return Group(bundle.id, build, first)


def _finished(
    settings: BottomUpSettings,
    chosen: Candidate,
    judges: Mapping[str, Judge],
    evaluate: Evaluate,
) -> tuple[Candidate | None, Candidate | None]:
    """The chosen network and the reference, both trained from scratch alike."""
    if not settings.final_epochs:
        return None, None
    judge = f"final_{chosen.trial.judge}"
    asked = {
        stage: Trial(
            network, settings.final_epochs, None, judge if judge in judges else chosen.trial.judge
        )
        for stage, network in ((FINAL, chosen.network), (REFERENCE, settings.reference))
        if network is not None
    }
    found = {stage: evaluate(trial, stage) for stage, trial in asked.items()}
    return found[FINAL], found.get(REFERENCE)


def write_winner(folder: Path, winner: Candidate, *, form: Lowering = "slices") -> None:
    """`winner.npz`, `winner.json`, and `winner.onnx` with its reorder written in that form."""
    source = folder / WEIGHTS / f"{winner.trial.key}.npz"
    write_whole(folder / "winner.npz", source.read_bytes())
    with np.load(source, allow_pickle=False) as weights:
        folded = fold(winner.network, dict(weights))
    model = onnx_model(winner.network, folded, form=form)
    write_whole(folder / "winner.onnx", serialize(model))
    _write(folder / "winner.json", winner.to_json())


def _write(path: Path, data: Any) -> None:
    write_whole(path, json.dumps(data, indent=1) + "\n")
