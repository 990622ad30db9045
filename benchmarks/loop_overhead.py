"""CPU time that the closed loop adds to a query, beside a bare loop over the same queries.

    python benchmarks/loop_overhead.py [--queries N] [--repeats N]

Both loops issue a query that does nothing, for the same seeded samples, and take turns, so that a
machine that drifts favours neither. The budget is 15 µs of CPU time for each query.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator

from dlscope.loadgen.closed_loop import closed_loop
from dlscope.loadgen.selection import sample_indices
from dlscope.loadgen.stop_rule import StopRule
from dlscope.stacks.system import system
from dlscope.tracing.clock import MonotonicClock

BUDGET_NS = 15_000


def main() -> None:
    """Measure, and print one row for each loop."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--queries", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=9)
    asked = parser.parse_args()
    loops = {"bare loop": bare_loop, "closed loop": timed_loop}
    taken: dict[str, list[float]] = {name: [] for name in loops}
    for repeat in range(asked.repeats):
        for name, loop in loops.items():
            taken[name].append(cpu_ns_per_query(loop, asked.queries, seed=repeat))
    taken["added"] = [
        closed - bare for closed, bare in zip(taken["closed loop"], taken["bare loop"], strict=True)
    ]
    cpu = system().cpu
    print(f"{cpu.model}, {cpu.effective_cores} cores; {asked.repeats} × {asked.queries} queries")
    for name, values in taken.items():
        low, high = min(values), max(values)
        print(f"{name:12} {statistics.median(values):8.0f} ns/query  [{low:.0f} … {high:.0f}]")
    verdict = "within" if max(taken["added"]) <= BUDGET_NS else "over"
    print(f"{verdict} the budget of {BUDGET_NS} ns in every repeat")


def cpu_ns_per_query(loop: Callable[[int, Iterator[int]], None], queries: int, seed: int) -> float:
    """CPU time of the process for each of `queries`."""
    indices = sample_indices(1000, seed)
    start = time.process_time_ns()
    loop(queries, indices)
    return (time.process_time_ns() - start) / queries


def bare_loop(queries: int, indices: Iterator[int]) -> None:
    """Nothing but issuing."""
    for _ in range(queries):
        issue(next(indices))


def timed_loop(queries: int, indices: Iterator[int]) -> None:
    """The closed loop with a real clock and a real stop rule."""
    closed_loop(issue, indices, StopRule(queries, 1, 0, 0), MonotonicClock())


def issue(index: int) -> None:
    """A query that takes no time."""


if __name__ == "__main__":
    main()
