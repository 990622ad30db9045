"""`gather`: all that an analysis of models needs, measured where it is not stored yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

from dlscope.agents.device_lock import WAITING
from dlscope.core.errors import BoundError
from dlscope.core.run import Environment
from dlscope.graph.brick import Brick
from dlscope.graph.read import read_graph
from dlscope.methods.bounds.analysis import MissingLayer, ModelBounds, missing_layers, model_bounds
from dlscope.methods.bounds.calling_network import NAME, calling_network_file
from dlscope.methods.bounds.composing import is_own
from dlscope.methods.bounds.costed import Cost
from dlscope.methods.bounds.end_to_end import measure_models
from dlscope.methods.bounds.generating import (
    ModelBenches,
    declared_dtypes,
    model_benches,
    unique_bricks,
)
from dlscope.methods.bounds.layer_calls import Calls, layer_calls
from dlscope.methods.bounds.layer_times import LayerTimes
from dlscope.methods.bounds.measured_costs import MeasuredCosts, Selection, hot_results
from dlscope.methods.bounds.measuring import MeasuringOptions, Progress, measure
from dlscope.methods.bounds.model_analysis import (
    ModelAnalysis,
    advised_setups,
    default_setups,
    of_one_session,
)
from dlscope.methods.bounds.opening import known_block
from dlscope.methods.bounds.own_code import COMPOSED
from dlscope.methods.bounds.profiles import layer_times_in, measure_profile, profile_key
from dlscope.methods.bounds.request import BoundRequest
from dlscope.methods.bounds.roofline_floor import Peaks, check_floor
from dlscope.methods.bounds.setups import Setup
from dlscope.methods.bounds.suite import BoundSuite
from dlscope.store.benchmarks import BenchmarkFilter, BenchmarkResult, Benchmarks

Tell = Callable[[str, float], None]
"""What is measured, and how much of it is done, 0 to 1."""

LAYERS, REORDERS = "layers and fused groups", "changes of layout"
MODELS, PROFILES = "whole models", "layers inside of models"
_MOST_NAMES = 5


@final
@dataclass(frozen=True)
class Gathering:
    """A database, the machine that is asked about, and what is asked."""

    benchmarks: Benchmarks
    environment: Environment
    request: BoundRequest

    def measure(self, models: Sequence[ModelBenches], tell: Tell) -> int:
        """Measure the bricks of `models` that are not stored; how many results are new."""
        new = 0
        for batch in sorted({model.batch for model in models}):
            alike = [model for model in models if model.batch == batch]
            bricks = unique_bricks(alike)
            options = self.request.options(declared_dtypes(bricks), batch)
            new += self._measured_each_way(LAYERS, bricks, options, tell)
            moved = unique_bricks(alike, reorders=True)
            if moved:
                reordering = self.request.reorder_options(batch)
                new += self._measured_each_way(REORDERS, moved, reordering, tell)
        return new

    def _measured_each_way(
        self, what: str, bricks: Sequence[Brick], options: MeasuringOptions, tell: Tell
    ) -> int:
        """With the threads that are asked for, and what is the baseline's own on all cores."""
        new = self._measured(what, bricks, options, tell)
        threaded = self.request.threaded(options)
        if threaded is None:
            return new
        return new + self._measured(f"{what}, {threaded.threads} threads", bricks, threaded, tell)

    def measure_suite(self, suite: BoundSuite, tell: Tell) -> int:
        """Measure the bricks of a suite that are not stored; how many results are new."""
        batch = suite.batch
        options = self.request.options(declared_dtypes(suite.bricks), batch)
        new = self._measured(LAYERS, suite.bricks, options, tell)
        if not suite.reorders:
            return new
        return new + self._measured(
            REORDERS, suite.reorders, self.request.reorder_options(batch), tell
        )

    def results_of(self, suite: BoundSuite) -> list[BenchmarkResult]:
        """What is stored of the bricks of a suite."""
        chosen = self._selection(suite.batch)
        return hot_results(self.benchmarks, (*suite.bricks, *suite.reorders), chosen)

    def bounds(self, model: ModelBenches, peaks: Peaks | None) -> ModelBounds:
        """The bounds of a model from what is stored.

        Raises `BoundError` naming every layer without a measurement, and where the floor is above
        the sequential bound.
        """
        costs = self.costs(model)
        lacking = tuple(missing_layers(model, costs))
        if lacking:
            raise _lacking(model, lacking)
        request = self.request
        bounds = model_bounds(
            model,
            costs,
            admissible=self._is_used if request.selected == "used" else None,
            peaks=peaks,
            paper_costs=request.is_paper_costed,
            selected=request.selected,
        )
        if bounds.floor is not None and not request.is_paper_costed:
            check_floor(bounds.floor, bounds.costed)
        return replace(bounds, threaded=self._threaded(model))

    def _threaded(self, model: ModelBenches) -> Mapping[int, ModelBounds]:
        """The bounds by what was measured on all cores; nothing where that is not all of it."""
        threads = self.request.more_threads
        if threads is None:
            return {}
        costs = self.costs(model, threads=threads)
        return {} if any(missing_layers(model, costs)) else {threads: model_bounds(model, costs)}

    def missing(self, model: ModelBenches) -> tuple[MissingLayer, ...]:
        """The layers of a model that nothing was measured of."""
        return tuple(missing_layers(model, self.costs(model)))

    def costs(self, model: ModelBenches, *, threads: int | None = None) -> MeasuredCosts:
        """What is stored of the bricks of a model, with the threads asked for or others."""
        chosen = replace(self._selection(model.batch), threads=threads or self.request.threads)
        return MeasuredCosts(hot_results(self.benchmarks, (*model.timed, *model.moved), chosen))

    def _selection(self, batch: int) -> Selection:
        request = self.request
        return Selection(
            self.environment.fingerprint,
            request.threads,
            batch,
            None if request.is_mixed else request.options((), batch).protocol,
            mixed=request.is_mixed,
        )

    def analysis(
        self, bounds: ModelBounds, calls: Calls, tell: Tell, *, measures: bool = True
    ) -> ModelAnalysis:
        """The bounds with what whole models take, measured where it is not stored."""
        found = ModelAnalysis(
            bounds,
            self.request.baseline,
            calls=calls,
            cores=self.request.cores,
            threads=self.request.threads,
            backends=self.request.backends,
        )
        wanted = default_setups(self.request.baseline, self.request.backends)
        if self.request.is_verified:
            advised = advised_setups(found)
            wanted = tuple({each.label: each for each in (*wanted, *advised)}.values())
        measured = self._in_setups(bounds.benches, wanted, tell, measures=measures)
        profile = self._profile(bounds.benches, tell, measures=measures)
        return replace(found, measured=measured, profile=profile)

    def calls(self, tell: Tell, *, measures: bool = True) -> Calls:
        """What a layer costs each backend beside what it computes, once for a machine."""
        path = calling_network_file()
        block = known_block() if self.request.has_layouts else None
        model = model_benches(NAME, read_graph(path), path, block=block)
        if measures:
            self.measure([model], lambda what, share: tell(f"{what}: {NAME}", share))
        costs = self.costs(model)
        if any(missing_layers(model, costs)):
            return {}
        measured = self._in_setups(model, self._called_setups(), tell, measures=measures)
        threaded = self._threaded(model)
        return layer_calls(replace(model_bounds(model, costs), threaded=threaded), measured)

    def _called_setups(self) -> tuple[Setup, ...]:
        """In which it is measured what a call of a layer costs."""
        request = self.request
        found = default_setups(Setup(request.baseline.backend), request.backends)
        if request.cores > 1 and "onnxruntime" in request.backends:
            found = (*found, Setup("onnxruntime", {"inter_op_threads": request.cores}))
        if request.more_threads and request.baseline.backend in COMPOSED:
            found = (*found, Setup(request.baseline.backend, {"threads": request.more_threads}))
        return found

    def _in_setups(
        self, model: ModelBenches, setups: Sequence[Setup], tell: Tell, *, measures: bool
    ) -> tuple[BenchmarkResult, ...]:
        """Results of the whole model, of one session; measured where none has all of them."""
        stored = () if self.request.is_refreshed else of_one_session(self._stored(model), setups)
        if stored or not measures:
            return stored
        tell(f"{MODELS}: {model.name}", 0.0)
        return measure_models(
            self.benchmarks,
            model,
            setups,
            self.environment,
            threads=self.request.threads,
            rule=self.request.turns,
            on_wait=_waiting(tell),
        )

    def _profile(self, model: ModelBenches, tell: Tell, *, measures: bool) -> LayerTimes:
        """What layers take in the baseline by its own profile; nothing where it has none."""
        wanted = profile_key(model, self.request.baseline, self.environment, self.request.threads)
        known = [] if self.request.is_refreshed else self.benchmarks.history(wanted)
        if known:
            return layer_times_in(known[-1])
        if not measures:
            return {}
        tell(f"{PROFILES}: {model.name}", 0.0)
        result = measure_profile(model, self.request.baseline, wanted, _waiting(tell))
        self.benchmarks.accept([result], environment=self.environment)
        return layer_times_in(result)

    def _stored(self, model: ModelBenches) -> list[BenchmarkResult]:
        wanted = BenchmarkFilter(
            brick_id=model.whole.id,
            fingerprint=self.environment.fingerprint,
            threads=self.request.threads,
            protocol=self.request.turns.protocol,
        )
        return self.benchmarks.rows(wanted)

    def _measured(
        self, what: str, bricks: Sequence[Brick], options: MeasuringOptions, tell: Tell
    ) -> int:
        def progress(now: Progress) -> None:
            tell(what, now.done / now.bricks)

        return measure(self.benchmarks, bricks, self.environment, options, progress, _waiting(tell))

    def _is_used(self, cost: Cost) -> bool:
        return is_own(self.request.baseline, cost)


def _lacking(model: ModelBenches, layers: Sequence[MissingLayer]) -> BoundError:
    names = [f"{each.layer.name} ({each.layer.operator})" for each in layers]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    count = f"{len(layers)} layer{'s have' if len(layers) > 1 else ' has'}"
    return BoundError(
        f"{count} no measurement: {', '.join(names[:_MOST_NAMES])}{more}",
        where=model.name,
        fix="measure them: leave --stored and --implementation out; --mixed takes what was "
        "measured with other --seconds; --partial tells of each why not",
    )


def _waiting(tell: Tell) -> Callable[[], None]:
    return lambda: tell(WAITING, 0.0)
