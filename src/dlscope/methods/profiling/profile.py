"""`Profile`: one leveled experiment as a tree, from the model down to its kernels.

Each node is a span as it came back in every iteration of every run. A node knows its times in each
run; its latency is that of the run in which its level was the deepest (XSP, leveled
experimentation), so that the cost of measuring what lies below does not enter.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import final

import numpy as np

from dlscope.core.errors import MeasurementError
from dlscope.core.run import Run
from dlscope.core.stats import require_samples, trimmed_mean
from dlscope.core.trace import Level, Trace
from dlscope.methods.profiling.cost import Ceilings, Cost, total
from dlscope.methods.profiling.layer_work import LayerWork
from dlscope.methods.profiling.levels import level_set
from dlscope.methods.profiling.node import Node, union_lengths
from dlscope.methods.profiling.tree import Tree, in_parts

CEILINGS, WORK, DIAGNOSTICS = "ceilings.json", "layer_work.json", "diagnostics.json"
"""Artifacts of a Run: what the machine can do, what each layer asks for, what went amiss."""
CLOCK = "clock.json"
"""Another: one moment on the clock of its spans and on that of the wall."""
INPUTS, WORK_MISSING = "inputs.txt", "work_missing.txt"
"""Artifacts that say why the inputs are not from the data set, and why there is no work."""
CONTENTION = "contention"
"""The condition of a Run that other work did not hold iterations up."""
_INTERNAL = "_"
_NEVER = np.empty(0, dtype=np.int64)
ORIGINAL = "original_layers"
"""The attribute in which a framework tells what it fused."""


@final
class Profile:
    """The leveled experiment that `run` holds: `levels` from MODEL down, one run for each.

    `parts` are its spans, some whole iterations at a time, where they are too many to be held.
    """

    def __init__(self, run: Run, parts: Iterable[Trace] | None = None) -> None:
        self.run = run
        self.levels = tuple(Level[name] for name in run.plan.options.get("levels", ["MODEL"]))
        tree = Tree()
        for part in in_parts(run.trace) if parts is None else parts:
            tree.add(part)
        self._roots = tree.roots()
        self.ceilings = _ceilings(run)

    @property
    def batch_size(self) -> int:
        """Items in one iteration."""
        return self.run.plan.batch_size

    @property
    def threads(self) -> int:
        """Threads of one prediction."""
        return int(self.run.plan.framework.options.get("threads", 1))

    @property
    def is_contended(self) -> bool:
        """Whether other work disturbed so many iterations that wall times mislead."""
        return any(each.name == CONTENTION and not each.holds for each in self.run.conditions)

    def run_of(self, level: Level) -> int:
        """The run in which `level` is the deepest. Raises `MeasurementError` where it is none."""
        if level not in self.levels:
            raise MeasurementError(
                f"level {level.name} was not profiled",
                where=f"run {self.run.id}",
                fix=f"profile again with --levels {level_set(sorted([*self.levels, level]))}",
            )
        return self.levels.index(level)

    @cached_property
    def layer_work(self) -> LayerWork | None:
        """The layers of the graph with their work, None where the Run does not tell of them."""
        text = self.run.artifacts.get(WORK)
        return None if text is None else LayerWork.from_text(text)

    @cached_property
    def executed(self) -> tuple[tuple[str, str], ...]:
        """Name of each executed layer, and the names of what it was made of where it tells them."""
        layers = self.nodes(Level.LAYER)
        return tuple((node.name, str(node.attributes.get(ORIGINAL, ""))) for node in layers)

    @cached_property
    def _work(self) -> dict[str, Cost]:
        """Analytic cost by name of an executed layer, for the batch of the run."""
        return {} if self.layer_work is None else self.layer_work.costs(self.executed)

    @cached_property
    def model(self) -> Node | None:
        """The forward call of one batch; None where nothing was measured."""
        return next((root for root in self._roots if root.level == Level.MODEL), None)

    def nodes(self, level: Level) -> tuple[Node, ...]:
        """All nodes of `level` in order of execution, without what calls itself internal."""
        if self.model is None or level not in self.levels:
            return ()
        found = [self.model] if level == Level.MODEL else list(self.model.below(level))
        return tuple(node for node in found if not self._is_internal(node))

    def every_node(self) -> Iterator[Node]:
        """The nodes of all levels, level by level, each in order of execution."""
        for level in self.levels:
            yield from self.nodes(level)

    def missing(self, node: Node) -> dict[int, tuple[int, int]]:
        """The runs of which some iteration has no `node`: how many have it, and how many there are.

        None of a sampled kernel, which may be seen or not.
        """
        if node.count or self.model is None:
            return {}
        found = {}
        for run in range(self.run_of(node.level), len(self.levels)):
            iterations = self.model.iterations.get(run, _NEVER).size
            seen = node.iterations.get(run, _NEVER).size
            if seen != iterations:
                found[run] = (seen, iterations)
        return found

    def _is_internal(self, node: Node) -> bool:
        """Whether a layer is one that the framework made for itself: a name of its own with `_`.

        Some networks call their layers so, too: what is in the graph is no internal layer.
        """
        if node.level != Level.LAYER or not node.name.startswith(_INTERNAL):
            return False
        told = str(node.attributes.get(ORIGINAL, ""))
        return self.layer_work is None or not self.layer_work.has(node.name, told)

    def latency_ns(self, node: Node) -> float | None:
        """Latency of `node` from the run in which its level is the deepest."""
        if node.count:
            return node.latency_ns(len(self.levels) - 1)
        return node.latency_ns(self.run_of(node.level))

    def kernels(self, node: Node) -> tuple[Node, ...]:
        """The kernels that ran for `node`."""
        return tuple(node.below(Level.KERNEL))

    def cost(self, node: Node) -> Cost:
        """What counters told of `node` or its kernels, else what its shapes ask for."""
        told = Cost.of_counters(node.attributes)
        if told.source or node.level not in (Level.LAYER, Level.MODEL):
            return told
        below = self.kernels(node)
        counted = total((self.cost(kernel), self.latency_ns(kernel)) for kernel in below)
        if counted.source and counted.flops is not None:
            return counted
        if node.level == Level.LAYER:
            return self._work.get(node.name, Cost())
        return total(
            (self.cost(layer), self.latency_ns(layer)) for layer in node.below(Level.LAYER)
        )

    def union_ns(self, nodes: Iterator[Node], run: int) -> float | None:
        """Trimmed mean over iterations of the time in which at least one of `nodes` ran."""
        known = [node for node in nodes if run in node.durations_ns]
        if not known:
            return None
        if any(node.count for node in known):
            return sum(node.latency_ns(run) or 0.0 for node in known)
        iterations, starts, durations = (
            np.concatenate([getattr(node, name)[run] for node in known])
            for name in ("iterations", "starts_ns", "durations_ns")
        )
        totals = union_lengths(iterations, starts, durations)
        return float(trimmed_mean(require_samples(totals, "union")))


def _ceilings(run: Run) -> Ceilings | None:
    text = run.artifacts.get(CEILINGS)
    return Ceilings(**json.loads(text)) if text else None
