"""`Node`: a span as it came back in every iteration of every run, with its times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dlscope.core.stats import Interval, bootstrap_interval, trimmed_mean
from dlscope.core.trace import Attribute, Level

Times = NDArray[np.int64]
_FEWEST = 3


@dataclass(eq=False)
class Node:
    """A span as it came back: `index` is its place among its siblings of one level.

    `durations_ns`, `cpu_ns` and `starts_ns` map a run to one number for each of its `iterations`;
    an iteration in which the node is missing has none. `count` is how often a sampled kernel was
    seen in all iterations together, 0 for what was timed.
    """

    level: Level
    index: int
    name: str
    type: str
    parent: Node | None
    attributes: Mapping[str, Attribute]
    is_device: bool = False
    tracer: str = ""
    durations_ns: dict[int, Times] = field(default_factory=dict)
    cpu_ns: dict[int, Times] = field(default_factory=dict)
    starts_ns: dict[int, Times] = field(default_factory=dict)
    iterations: dict[int, Times] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    count: int = 0

    def latency_ns(self, run: int) -> float | None:
        """Trimmed mean over the iterations of `run`, None where it was not seen."""
        durations = self.durations_ns.get(run)
        if durations is None or not durations.size:
            return None
        return float(trimmed_mean(np.sort(durations.astype(np.float64))))

    def interval_ns(self, run: int) -> Interval | None:
        """95 % interval of `latency_ns`, None for fewer than three iterations."""
        durations = self.durations_ns.get(run)
        if durations is None or durations.size < _FEWEST:
            return None
        return bootstrap_interval(durations, trimmed_mean)

    def below(self, level: Level) -> Iterator[Node]:
        """Descendants of `level`, not looking beneath one that was found."""
        for child in self.children:
            if child.level == level:
                yield child
            elif child.level < level:
                yield from child.below(level)

    def above(self, level: Level) -> Node | None:
        """The nearest ancestor of `level`."""
        node = self.parent
        while node is not None and node.level != level:
            node = node.parent
        return node


def union_lengths(iterations: Times, starts: Times, durations: Times) -> Times:
    """Length of the union of the intervals of each iteration, in ns, by iteration."""
    order = np.lexsort((starts, iterations))
    which = np.unique(iterations[order], return_inverse=True)[1]
    first = starts[order] - starts.min()
    last = first + durations[order]
    # Iterations are set apart by more than all of them last: one sweep does for all.
    apart = which * (int(last.max(initial=0)) + 1)
    first, last = first + apart, last + apart
    covered = np.concatenate([first[:1], np.maximum.accumulate(last)[:-1]])
    new = np.maximum(last - np.maximum(first, covered), 0)
    return np.bincount(which, weights=new).astype(np.int64)
