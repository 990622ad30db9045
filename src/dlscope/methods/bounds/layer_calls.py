"""`layer_calls`: what one more layer costs each backend inside of a running model.

A benchmark of a layer knows nothing of it: its code is warm, its result lies where the last one
lay, and what a call costs is taken off. A framework that interprets a model pays for every layer;
one that compiles it, for hardly any. It shows in a network of short layers:

    d = (measured − composed) / layers that compute anything,  at least 0
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import mean

from dlscope.core.errors import BoundError
from dlscope.methods.bounds.analysis import ModelBounds
from dlscope.methods.bounds.composing import Composition, compose
from dlscope.methods.bounds.end_to_end import latency_ns, setup_of
from dlscope.methods.bounds.setups import Setup
from dlscope.store.benchmarks import BenchmarkResult

Calls = Mapping[str, float]
"""ns for each layer, by the mode of a setup."""
_AT_ONCE = "inter_op_threads"
_OF_A_LAYER = "threads"


def layer_calls(bounds: ModelBounds, measured: Iterable[BenchmarkResult]) -> Calls:
    """D of each backend that a network of short layers was measured on, the mean over setups."""
    found: dict[str, list[float]] = defaultdict(list)
    for result in measured:
        setup = setup_of(result)
        if result.status != "ok":
            continue
        try:
            composed = compose(bounds, setup)
        except BoundError:
            continue
        excess = latency_ns(result) - composed.total_ns
        found[mode_of(setup)].append(max(0.0, excess / max(1, called(composed))))
    return {mode: mean(each) for mode, each in found.items()}


def mode_of(setup: Setup) -> str:
    """The backend, and what takes agreement: several operators at once, several threads of one."""
    at_once = int(setup.option(_AT_ONCE) or 1)
    words = [setup.backend]
    words += ["several at once"] if at_once > 1 else []
    words += ["several threads"] if _OF_A_LAYER in setup.options else []
    return ", ".join(words)


def called(composition: Composition) -> int:
    """How many layers, groups and changes of layout are computed one by one."""
    return sum(step.cost.cost_ns > 0 for step in composition.steps) + len(composition.reorders)
