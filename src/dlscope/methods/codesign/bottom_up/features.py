"""Stage 3: what the network of the swarm gains by a bypass, bounded activations, several sizes.

    none     as the swarm found it                                        (variant A of SkyNet)
    narrow   a bypass into one bundle more, as wide as the first          (variant B)
    wide     a bypass into one bundle more, twice as wide                 (variant C)

each with ReLU and ReLU6, all from the weights of that network where shapes agree, trained equally.
The best is then trained on images of several sizes, where there is a judge that does so. What is
slower than a target is not trained; nor is a bypass where few objects are small, for which it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, final

from dlscope.methods.codesign.bottom_up.candidates import Candidate, Trial
from dlscope.methods.codesign.bottom_up.fitness import Fitness
from dlscope.zoo.bundles.bundle import Act
from dlscope.zoo.bundles.layout import StackedLayout

Evaluate: TypeAlias = Callable[[Trial, str], Candidate]
Latencies: TypeAlias = Callable[[StackedLayout], Mapping[str, float]]
STAGE = "features"
MULTI_SCALE = "multi_scale"
_ACTS: tuple[Act, ...] = ("relu", "relu6")
_BYPASSES: Mapping[str, int] = {"none": 0, "narrow": 1, "wide": 2}
_SMALL_ENOUGH = 0.25


@final
@dataclass(frozen=True)
class FeatureOptions:
    """How long each is trained; `small_share` of the objects cover less than 1 % of their image.

    None is not known, and a bypass is tried.
    """

    epochs: int = 1
    small_share: float | None = None

    @property
    def tries_bypass(self) -> bool:
        """Whether more than a quarter of the objects are small."""
        return self.small_share is None or self.small_share > _SMALL_ENOUGH


@final
@dataclass(frozen=True)
class FeatureFigures:
    """A network with features, and what was found; `why_not` says why it was not trained."""

    network: StackedLayout
    bypass: str
    judge: str
    latencies_ms: Mapping[str, float]
    candidate: Candidate | None = None
    fitness: float | None = None
    why_not: str = ""
    is_chosen: bool = False


def with_bypass(network: StackedLayout, times: int) -> StackedLayout:
    """`network`, but for 0 with a bypass into one bundle more, `times` as wide as the first."""
    if times == 0:
        return network
    widths = (*network.widths, times * network.widths[0])
    return replace(network, widths=widths, bypass=True)


def add_features(
    found: Candidate,
    evaluate: Evaluate,
    latencies: Latencies,
    fitness: Fitness,
    options: FeatureOptions,
    *,
    is_multi_scale: bool = False,
) -> tuple[FeatureFigures, ...]:
    """All combinations, the chosen one marked: the fittest of those that were trained."""
    figures = [
        _tried(asked, found, evaluate, fitness, options)
        for asked in _asked(found, latencies, options)
    ]
    best = _best(figures)
    if is_multi_scale:
        asked = replace(figures[best], judge=MULTI_SCALE, candidate=None, fitness=None)
        figures.append(_tried(asked, found, evaluate, fitness, options))
        best = _best(figures)
    return tuple(replace(each, is_chosen=at == best) for at, each in enumerate(figures))


def _asked(
    found: Candidate, latencies: Latencies, options: FeatureOptions
) -> Iterator[FeatureFigures]:
    for bypass, times in _BYPASSES.items():
        for act in _ACTS:
            network = replace(with_bypass(found.network, times), act=act)
            few = "" if options.tries_bypass or not times else "few objects are small"
            yield FeatureFigures(network, bypass, "plain", latencies(network), why_not=few)


def _tried(
    asked: FeatureFigures,
    found: Candidate,
    evaluate: Evaluate,
    fitness: Fitness,
    options: FeatureOptions,
) -> FeatureFigures:
    """The figures of `asked`; the network of the swarm is trained even where it is too slow."""
    if not asked.why_not and asked.network != found.network:
        slow = not fitness.leaves_room(asked.latencies_ms)
        asked = replace(asked, why_not="slower than its target" if slow else "")
    if asked.why_not:
        return asked
    candidate = evaluate(Trial(asked.network, options.epochs, found.trial.key, asked.judge), STAGE)
    value = fitness.of(candidate.accuracy, asked.latencies_ms)
    return replace(asked, candidate=candidate, fitness=value)


def _best(figures: Sequence[FeatureFigures]) -> int:
    known = [(each.fitness, -at) for at, each in enumerate(figures) if each.fitness is not None]
    return -max(known)[1]
