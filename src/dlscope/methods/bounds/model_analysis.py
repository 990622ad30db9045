"""`ModelAnalysis`: a model with its bounds, what was measured of it, advice and what that gave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import final

from dlscope.core.errors import BoundError
from dlscope.methods.bounds.advice.base import Advice, Subject
from dlscope.methods.bounds.advice.ranking import Ranked, all_advice, ranking
from dlscope.methods.bounds.analysis import ModelBounds
from dlscope.methods.bounds.end_to_end import latency_ns, setup_of
from dlscope.methods.bounds.layer_calls import Calls
from dlscope.methods.bounds.layer_times import LayerTimes
from dlscope.methods.bounds.own_code import COMPOSED
from dlscope.methods.bounds.setups import Setup
from dlscope.methods.bounds.verifying import Achieved, achieved
from dlscope.store.benchmarks import BenchmarkResult


@final
@dataclass(frozen=True, eq=False)
class ModelAnalysis:
    """The answers about one model that runs in the setup `baseline`.

    `measured` are end-to-end results of one session: `baseline` and others, side by side;
    `profile` is what the layers of each operator take in `baseline`, by the framework's own words.
    """

    bounds: ModelBounds
    baseline: Setup
    measured: tuple[BenchmarkResult, ...] = ()
    calls: Calls = field(default_factory=dict)
    profile: LayerTimes = field(default_factory=dict)
    cores: int = 1
    threads: int = 1
    backends: tuple[str, ...] = COMPOSED

    @property
    def name(self) -> str:
        """Of the model."""
        return self.bounds.name

    @property
    def batch(self) -> int:
        """Inputs at once."""
        return self.bounds.benches.batch

    @cached_property
    def subject(self) -> Subject:
        """What the advice is about."""
        base = self.result_of(self.baseline)
        latency = latency_ns(base) if base and base.status == "ok" else None
        return Subject(
            self.bounds,
            self.baseline,
            latency,
            calls=self.calls,
            in_model=self._in_model(latency),
            cores=self.cores,
            backends=self.backends,
        )

    def _in_model(self, latency_ns: float | None) -> LayerTimes:
        """The profile as shares of the latency, since profiling costs something itself."""
        whole = sum(self.profile.values())
        if not whole or latency_ns is None:
            return {}
        return {name: each / whole * latency_ns for name, each in self.profile.items()}

    @cached_property
    def is_composed(self) -> bool:
        """Whether the baseline can be put together from benchmarks, so that there is advice."""
        try:
            return self.subject.composition.total_ns > 0
        except BoundError:
            return False

    @cached_property
    def advice(self) -> tuple[Advice, ...]:
        """Each change by itself, the largest saving first."""
        return tuple(all_advice(self.subject)) if self.is_composed else ()

    @cached_property
    def plan(self) -> tuple[Ranked, ...]:
        """The changes one after another."""
        return ranking(self.subject) if self.is_composed else ()

    def result_of(self, setup: Setup) -> BenchmarkResult | None:
        """What was measured in that setup; None where nothing was."""
        return next((each for each in self.measured if setup_of(each) == setup), None)

    def achieved(self, setup: Setup | None) -> Achieved | None:
        """What that setup saves over the baseline, measured; None where it was not."""
        before = self.result_of(self.baseline)
        after = None if setup is None else self.result_of(setup)
        if before is None or after is None or before.status != "ok":
            return None
        return achieved(before, after)


def advised_setups(analysis: ModelAnalysis) -> tuple[Setup, ...]:
    """The setups that advice and plan name, each once, losses left out."""
    found = [each for each in analysis.advice if each.saving_ns > 0]
    found += [each.advice for each in analysis.plan]
    unique: dict[str, Setup] = {}
    for each in found:
        if each.setup is not None:
            unique.setdefault(each.setup.label, each.setup)
    return tuple(unique.values())


def default_setups(baseline: Setup, installed: Iterable[str]) -> tuple[Setup, ...]:
    """What a bound is compared with: the baseline, and each backend as it comes.

    ONNX Runtime without its optimisations, too: what they gain is a question of its own.
    """
    installed = tuple(installed)
    wanted = [baseline, *(Setup(name) for name in installed)]
    if "onnxruntime" in installed:
        wanted.append(Setup("onnxruntime", {"graph_optimization": "disabled"}))
    return tuple({each.label: each for each in wanted}.values())


def of_one_session(
    results: Sequence[BenchmarkResult], wanted: Sequence[Setup]
) -> tuple[BenchmarkResult, ...]:
    """The newest results that were measured side by side and hold all of `wanted`; else none."""
    sessions: dict[str, list[BenchmarkResult]] = {}
    for result in results:
        sessions.setdefault(result.started_utc, []).append(result)
    labels = [each.label for each in wanted]
    for _, found in sorted(sessions.items(), reverse=True):
        by_label = {setup_of(each).label: each for each in found}
        if set(labels) <= by_label.keys():
            return tuple(by_label[label] for label in dict.fromkeys([*labels, *by_label]))
    return ()
