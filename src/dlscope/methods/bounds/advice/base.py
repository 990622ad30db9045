"""`Advice`: a change and what it is predicted to save; `Subject`: what is asked about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, Self, final

from dlscope.core.errors import BoundError
from dlscope.methods.bounds.analysis import ModelBounds
from dlscope.methods.bounds.bound import Step
from dlscope.methods.bounds.composing import Composition, compose
from dlscope.methods.bounds.layer_calls import Calls, called, mode_of
from dlscope.methods.bounds.layer_times import LayerTimes
from dlscope.methods.bounds.own_code import own_code
from dlscope.methods.bounds.passing import passing_ns
from dlscope.methods.bounds.setups import Setup

Confidence = Literal["high", "medium", "low"]
"""How well what a model takes is explained by its benchmarks: to 15 %, to 35 %, or less."""
_HIGH, _MEDIUM = 0.15, 0.35
WORTH_TELLING = 0.01
"""Share of the latency that a change must save to be told."""


@final
@dataclass(frozen=True)
class Advice:
    """One change to a model that runs in a setup.

    `layers` are the ids of those that it concerns, `how` what has to be set, `evidence` the ids of
    the results that the prediction rests on. Without a `setup` it cannot be carried out by setting
    anything. A predicted saving below 0 is a loss.
    """

    analysis: str
    kind: str
    model: str
    layers: tuple[int, ...]
    where: str
    change: str
    how: str
    saving_ns: int
    speedup: float
    evidence: tuple[str, ...]
    confidence: Confidence
    setup: Setup | None = None


@final
@dataclass(frozen=True, eq=False)
class Subject:
    """A model that takes `latency_ns` in `setup` by measurement, and its bounds.

    `calls` is what each layer costs beside what it computes, see `layer_calls`; `in_model`
    what the layers of an operator take in this setup by the framework's own profile; `cores` are
    those that operators may be spread over. A `measured_ns` of None was not measured: then what is
    composed counts.
    """

    bounds: ModelBounds
    setup: Setup
    measured_ns: float | None
    calls: Calls = field(default_factory=dict)
    in_model: LayerTimes = field(default_factory=dict)
    cores: int = 1
    backends: tuple[str, ...] = field(default=("onnxruntime", "openvino", "torch"))

    @cached_property
    def composition(self) -> Composition:
        """What the setup takes, put together from benchmarks. Raises `BoundError` as `compose`."""
        return compose(self.bounds, self.setup)

    @property
    def latency_ns(self) -> float:
        """What the setup takes, measured or else composed."""
        expected = self.expected_ns(self.composition, self.setup)
        return expected if self.measured_ns is None else self.measured_ns

    @property
    def scale(self) -> float:
        """What is measured over what is expected: caches that are not as warm as in benchmarks."""
        return self.latency_ns / self.expected_ns(self.composition, self.setup)

    def expected_ns(self, composition: Composition, setup: Setup) -> float:
        """What a setup takes by benchmarks: its layers, a call for each, tensors passed on."""
        calls = called(composition) * self.calls.get(mode_of(setup), 0.0)
        return composition.total_ns + calls + passing_ns(self.bounds, composition, setup)

    @cached_property
    def hot_by_operator(self) -> Mapping[str, int]:
        """What the layers of each operator take by benchmarks, in this setup, each by itself."""
        found: dict[str, int] = defaultdict(int)
        for step in self.composition.steps:
            if len(step.layers) == 1:
                found[self.bounds.costed.by_id[step.layers[0]].op_type] += step.cost.cost_ns
        return found

    def in_model_ns(self, step: Step) -> float:
        """What a step of one layer takes inside of the model.

        Its part, by benchmarks, of what its operator takes by the framework's own profile; without
        one, what benchmarks say and the model takes longer.
        """
        operator = self.bounds.costed.by_id[step.layers[0]].op_type
        hot_ns = self.hot_by_operator.get(operator, 0)
        if operator not in self.in_model or not hot_ns:
            return step.cost.cost_ns * self.scale
        return self.in_model[operator] * step.cost.cost_ns / hot_ns

    @property
    def confidence(self) -> Confidence:
        """How far a prediction can be trusted."""
        off = abs(self.scale - 1)
        if self.measured_ns is None or off > _MEDIUM:
            return "low"
        return "high" if off <= _HIGH else "medium"

    def composed_ns(self, setup: Setup) -> int | None:
        """The latency in another setup by benchmarks alone, None where it cannot be composed."""
        try:
            return round(self.expected_ns(compose(self.bounds, setup), setup))
        except BoundError:
            return None

    def then(self, setup: Setup, latency_ns: float) -> Self:
        """The model once it is in another setup and takes so long."""
        threads = (each.options.get("threads") for each in (setup, self.setup))
        is_same = setup.backend == self.setup.backend and len(set(threads)) == 1
        in_model = self.in_model if is_same else {}
        return replace(self, setup=setup, measured_ns=latency_ns, in_model=in_model)

    def set_up(
        self, analysis: str, kind: str, setup: Setup, change: str, how: str, where: str = "whole"
    ) -> Advice | None:
        """The advice to run the model in `setup`; None where that cannot be composed.

        The latency then is what is expected, times what is measured over what is expected now:
        whatever makes a model slower than its benchmarks stays with it, unless it goes to a backend
        that compiles it whole.
        """
        try:
            after = compose(self.bounds, setup)
        except BoundError:
            return None
        changed = self._changed(after)
        return self.advice(
            *(analysis, kind, changed, where, change, how),
            self.expected_ns(after, setup) * self._carried_over(setup),
            setup=setup,
        )

    def _carried_over(self, setup: Setup) -> float:
        """The part of `scale` that a model brings along into another setup."""
        is_new = setup.backend != self.setup.backend
        return 1.0 if is_new and own_code(setup.backend, setup).is_compiled else self.scale

    def advice(
        self,
        analysis: str,
        kind: str,
        steps: Iterable[Step],
        where: str,
        change: str,
        how: str,
        after_ns: float,
        *,
        setup: Setup | None = None,
    ) -> Advice:
        """The advice whose prediction is a latency of `after_ns`, resting on `steps`."""
        steps = tuple(steps)
        return Advice(
            analysis,
            kind,
            self.bounds.name,
            tuple(sorted(layer for step in steps for layer in step.layers)),
            where,
            change,
            how,
            round(self.latency_ns - after_ns),
            self.latency_ns / after_ns if after_ns else float("inf"),
            tuple(dict.fromkeys(step.cost.evidence for step in steps if step.cost.evidence)),
            self.confidence,
            setup,
        )

    def _changed(self, after: Composition) -> list[Step]:
        """The steps that are not carried out as they are now."""
        now = {(step.layers, step.cost) for step in self.composition.steps}
        return [step for step in after.steps if (step.layers, step.cost) not in now]


def is_worth_telling(advice: Advice, latency_ns: float) -> bool:
    """Whether it saves more than what cannot be told from nothing."""
    return advice.saving_ns >= WORTH_TELLING * latency_ns
