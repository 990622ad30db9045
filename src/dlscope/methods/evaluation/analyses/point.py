"""`Point`: one model on one framework, and what all its Runs tell together."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.plan import Plan
from dlscope.core.run import Metric, Run
from dlscope.core.stats import Interval, bootstrap_interval, percentile, trimmed_mean
from dlscope.core.trace import Level
from dlscope.methods.evaluation.analyses.throughput import throughput_per_s

OUT_OF_MEMORY = ("oom", "oom_implied")
_MODES = ("preloaded", "sequential", "stream")


@dataclass(frozen=True)
class Online:
    """Latency of single items, in ns: the trimmed mean with its 95 % interval, and the p90."""

    mean_ns: float
    interval: Interval
    p90_ns: int


@final
@dataclass(frozen=True)
class Point:
    """The Runs of one version of a model on one of a framework on one machine, at least one."""

    runs: tuple[Run, ...]

    @property
    def plan(self) -> Plan:
        """The plan of the first Run, for all that the Runs share."""
        return self.runs[0].plan

    @property
    def system(self) -> str:
        """The name of the machine."""
        return machine_name(self.runs[0])

    @property
    def headline(self) -> Metric | None:
        """The first metric of the first Run that answered a data set."""
        return next((run.metrics[0] for run in self.runs if run.metrics), None)

    @property
    def graph_bytes(self) -> int | None:
        """Size of the graph file as any Run tells it; one that failed tells none."""
        reports = (run.framework_report for run in self.runs)
        return next((report["graph_bytes"] for report in reports if "graph_bytes" in report), None)

    @cached_property
    def timed(self) -> tuple[Run, ...]:
        """The Runs whose times are told: those that recorded nothing inside predictions, if any."""
        plain = tuple(run for run in self.runs if run.plan.trace_level <= Level.MODEL)
        return plain or self.runs

    @cached_property
    def single_ns(self) -> NDArray[np.int64]:
        """Latencies of all queries of one item that follow one another, in order of issue.

        Where queries do not wait for the one before, a latency tells of the queue as well. Those
        of another pipeline mode contain other work and do not enter the same mean: the mode with
        the least work that was measured counts.
        """
        measured = [run for run in self.timed if _is_online(run) and len(run.samples)]
        modes = {run.plan.scenario.pipeline for run in measured}
        mode = next((each for each in _MODES if each in modes), None)
        series = [r.samples.latency_ns for r in measured if r.plan.scenario.pipeline == mode]
        return np.concatenate(series) if series else np.empty(0, dtype=np.int64)

    @cached_property
    def online(self) -> Online | None:
        """What `single_ns` comes to; None where there are none."""
        return _online(self.single_ns) if self.single_ns.size else None

    @cached_property
    def throughput(self) -> Mapping[int, float]:
        """Items per second by batch size: the median over repeats, in the best scenario.

        Runs that offer a rate tell that rate, not what can be had, and do not count. Of several
        pipeline modes that with most batch sizes counts, of equals that with the least work.
        """
        by_mode = {mode: self._throughput_in(mode) for mode in _MODES}
        return max(by_mode.values(), key=len)

    def _throughput_in(self, mode: str) -> Mapping[int, float]:
        rates: dict[tuple[int, str], list[float]] = {}
        for run in self.timed:
            scenario = run.plan.scenario
            if scenario.pipeline == mode and _finds_its_rate(run):
                rate = throughput_per_s(run)
                if rate is not None:
                    rates.setdefault((run.plan.batch_size, scenario.name), []).append(rate)
        best: dict[int, float] = {}
        for (batch, _), values in sorted(rates.items()):
            best[batch] = max(statistics.median(values), best.get(batch, 0.0))
        return best

    @property
    def out_of_memory(self) -> tuple[int, ...]:
        """Batch sizes that memory did not hold and that no repeat has measured."""
        sizes = {run.plan.batch_size for run in self.runs if run.outcome in OUT_OF_MEMORY}
        return tuple(sorted(sizes - set(self.throughput)))

    @property
    def optimal_batch(self) -> int | None:
        """See `optimal_batch`."""
        return optimal_batch(self.throughput, self.out_of_memory)

    @property
    def reason(self) -> str | None:
        """Why the first Run without answers or queries has none; None when all went well."""
        return next(filter(None, map(failure, self.runs)), None)


def points(runs: Sequence[Run]) -> Iterator[Point]:
    """`runs` by model, framework and machine, in the order of their names and versions.

    Two models of one name are told apart by their version, which a bare graph has from its content.
    """
    for _, group in groupby(sorted(runs, key=_place), key=_place):
        yield Point(tuple(group))


def machine_name(run: Run) -> str:
    """The name of the machine that `run` was made on."""
    return str(run.environment.system.get("name", "unknown"))


def failure(run: Run) -> str | None:
    """Why `run` did not finish, in words; None when it did."""
    if run.error is not None:
        return run.error["what"]
    return None if run.status == "finished" else run.status


def optimal_batch(
    throughput: Mapping[int, float], out_of_memory: Collection[int] = ()
) -> int | None:
    """The smallest b with throughput(2b) ≤ 1.05 · throughput(b); None where no 2b was tried.

    A 2b that memory did not hold gains nothing. When every doubling still gains more than 5 %,
    the largest batch measured.
    """
    doubled = [b for b in sorted(throughput) if 2 * b in throughput or 2 * b in out_of_memory]
    if not doubled:
        return None
    return next(
        (b for b in doubled if throughput.get(2 * b, 0.0) <= 1.05 * throughput[b]),
        2 * doubled[-1],
    )


def _finds_its_rate(run: Run) -> bool:
    return run.plan.scenario.rule.arrivals in ("closed", "at_once")


def _is_online(run: Run) -> bool:
    scenario = run.plan.scenario
    return scenario.rule.arrivals == "closed" and scenario.items_per_query == 1


def _place(run: Run) -> tuple[str, ...]:
    framework = run.plan.framework
    model = run.plan.model
    return model.name, model.version, framework.name, framework.version, machine_name(run)


def _online(latencies: NDArray[np.int64]) -> Online:
    ordered = np.sort(latencies)
    return Online(
        float(trimmed_mean(ordered)),
        bootstrap_interval(latencies, trimmed_mean),
        int(percentile(ordered, 0.9)),
    )
