"""What dlscope itself costs, beside the genuine LoadGen.

    python benchmarks/overhead.py closed     CPU and wall time of a query in a closed loop
    python benchmarks/overhead.py open       an open loop of 5 000 queries/s: cost and lateness
    python benchmarks/overhead.py planning   planning a matrix of 1 000 points
    python benchmarks/overhead.py analyses   every analysis over 1 000 Runs, and their report
    python benchmarks/overhead.py stopping   how many of 10⁶ queries early stopping sets aside
    python benchmarks/overhead.py intervals  the interval of a percentile, and by every resample
    python benchmarks/overhead.py verdict    a closed loop of 5 s on a mock, to its verdict

Everything measured side by side takes turns, so that a machine that drifts favours nobody, and is
told as the median over rounds with the range. Each part takes less than a minute.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import dlscope
from dlscope.core import registry
from dlscope.core.manifest import ExperimentManifest, ScenarioManifest
from dlscope.core.run import Run
from dlscope.core.stats import bootstrap_interval, percentile, percentile_interval
from dlscope.core.workload import Context
from dlscope.loadgen.drive import drive
from dlscope.loadgen.early_stopping import most_beyond
from dlscope.loadgen.mlperf.door import drive_with_mlperf
from dlscope.loadgen.mlperf.running import import_loadgen
from dlscope.loadgen.mlperf.settings import Settings
from dlscope.loadgen.system_under_test import SystemUnderTest
from dlscope.methods.evaluation.planning import plan_experiment
from dlscope.methods.evaluation.report import evaluation_report
from dlscope.methods.evaluation.workload import Evaluation
from dlscope.stacks.system import system
from dlscope.testing.analyses import example_run
from dlscope.testing.small_experiment import write_experiment
from dlscope.tracing.clock import MonotonicClock

MODEL = "efficientnet-lite0"
QUERIES = 100_000
RATE_QPS = 5_000
OPEN_S = 5.0
EXPECTED = Settings("SingleStream", {"single_stream_expected_latency_ns": 50_000.0})

Rows = dict[str, list[dict[str, float]]]


class Nothing(SystemUnderTest):
    """A system that answers at once."""

    samples = 1000

    def load(self, samples: Sequence[int]) -> None:
        """Nothing."""

    def unload(self, samples: Sequence[int]) -> None:
        """Nothing."""

    def answer(self, samples: Sequence[int]) -> None:
        """Nothing."""


def main() -> None:
    """Measure one part and print its table."""
    parts = {
        "closed": closed,
        "open": open_,
        "planning": planning,
        "analyses": analyses,
        "stopping": stopping,
        "intervals": intervals,
        "verdict": verdict,
    }
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("part", choices=parts)
    parser.add_argument("--rounds", type=int, default=0, help="0: as many as fit a minute")
    asked = parser.parse_args()
    cpu = system().cpu
    print(f"{asked.part}: {cpu.model}, {cpu.effective_cores} cores")
    parts[asked.part](asked.rounds)


def closed(rounds: int) -> None:
    """The next query when the last was answered, 100 000 of them; the budget is 15 µs of CPU."""
    stream = _scenario("single_stream", min_queries=QUERIES, min_duration_ms=0)
    doors: dict[str, Callable[[Path], int]] = {
        "native": lambda _: len(drive(stream, Nothing(), MonotonicClock())),
        "LoadGen, bare binding": lambda folder: bare_loadgen(folder, "SingleStream"),
        "LoadGen through dlscope": lambda folder: len(
            drive_with_mlperf(stream, Nothing(), EXPECTED, folder).samples
        ),
    }
    rows: Rows = {name: [] for name in doors}
    for _ in range(rounds or 5):
        for name, door in doors.items():
            rows[name].append(_cost(door))
    tell(rows, {"cpu_us": "CPU µs/query", "wall_us": "wall µs/query"})
    _verdict(max(row["cpu_us"] for row in rows["native"]), 15, "µs of CPU a query, native")


def open_(rounds: int) -> None:
    """5 000 queries/s for 5 s; the budget is a lateness of at most 1 ms for 99 %."""
    server = _scenario(
        "server",
        rate_qps=RATE_QPS,
        latency_bound_ms=100,
        min_queries=1,
        min_duration_ms=OPEN_S * 1e3,
    )
    doors: dict[str, Callable[[Path], Any]] = {
        "native": lambda _: drive(server, Nothing(), MonotonicClock()),
        "LoadGen through dlscope": lambda folder: (
            drive_with_mlperf(server, Nothing(), None, folder).samples
        ),
    }
    rows: Rows = {name: [] for name in doors}
    for _ in range(rounds or 4):
        for name, door in doors.items():
            late: list[float] = []

            def count(folder: Path, door: Any = door, late: list[float] = late) -> int:
                samples = door(folder)
                late.extend(np.sort(samples.lateness_ns / 1e3))
                return len(samples)

            cost = _cost(count)
            ordered = np.array(late)
            for share in (0.5, 0.99, 0.999):
                cost[f"late_{share}"] = float(percentile(ordered, share))
            rows[name].append(cost)
    names = {f"late_{share}": f"p{share * 100:g} late µs" for share in (0.5, 0.99, 0.999)}
    tell(rows, {"cpu_us": "CPU µs/query", **names})
    _verdict(max(row["late_0.99"] for row in rows["native"]), 1000, "µs late at p99, native")


def planning(rounds: int) -> None:
    """10 scenarios × 10 batch sizes × 10 repeats of one model on the mock backend."""
    with tempfile.TemporaryDirectory() as folder:
        written = write_experiment(Path(folder))
        scenarios = [
            {"type": "batched", "name": f"s{n}", "min_queries": 10 + n, "batch_size": range(1, 11)}
            for n in range(10)
        ]
        experiment = ExperimentManifest(
            schema_version=1,
            name="matrix",
            models=[{"name": str(written.model)}],
            datasets=[{"name": str(written.dataset)}],
            frameworks=[{"name": "mock"}],
            scenarios=[{**each, "batch_size": list(each["batch_size"])} for each in scenarios],
            repeats=10,
        )
        rows: Rows = {"1 000 points": []}
        for _ in range(rounds or 9):
            start, cpu = time.perf_counter(), time.process_time()
            points = len(plan_experiment(experiment).plans)
            wall_s = time.perf_counter() - start
            rows["1 000 points"].append({"wall_s": wall_s, "cpu_s": time.process_time() - cpu})
            if points != 1000:
                raise SystemExit(f"planned {points} points, not 1000")
    tell(rows, {"wall_s": "wall s", "cpu_s": "CPU s"})
    _verdict(max(row["wall_s"] for row in rows["1 000 points"]), 2, "s of wall time")


def analyses(rounds: int) -> None:
    """20 models × 5 frameworks × 10 batch sizes, 1 000 queries and 20 items each."""
    names = registry.names("analyses")
    rows: Rows = {name: [] for name in (*names, "all analyses", "the report")}
    for number in range(rounds or 5):
        runs = _runs(number)
        costs = [_timed(partial(_analysed, name, runs)) for name in names]
        total = {key: sum(cost[key] for cost in costs) for key in costs[0]}
        # Fresh Runs: what the analyses have kept must not serve the report.
        fresh = _runs(-1 - number)
        costs += [total, _timed(partial(evaluation_report, fresh))]
        for measured, cost in zip(rows.values(), costs, strict=True):
            measured.append(cost)
    tell(rows, {"wall_s": "wall s", "cpu_s": "CPU s"})
    _verdict(max(row["wall_s"] for row in rows["all analyses"]), 2, "s of wall time")


def _timed(work: Callable[[], object]) -> dict[str, float]:
    start, cpu = time.perf_counter(), time.process_time()
    work()
    wall_s = time.perf_counter() - start
    return {"wall_s": wall_s, "cpu_s": time.process_time() - cpu}


def _analysed(name: str, runs: Sequence[Run]) -> object:
    analysis = registry.load("analyses", name)()
    return analysis.findings(analysis.table(runs))


def _runs(seed: int) -> list[Run]:
    generator = np.random.default_rng(seed % 1_000)
    frameworks = ("onnxruntime", "openvino", "torch", "tvm", "litert")
    points = itertools.product(range(20), frameworks, range(10))
    return [
        example_run(
            f"r-{number:04}",
            model=f"model-{model}",
            framework=framework,
            batch_size=2**power,
            latencies_ns=generator.integers(1_000_000, 2_000_000, 1000).tolist(),
            answers=generator.integers(0, 10, 20).tolist(),
        )
        for number, (model, framework, power) in enumerate(points)
    ]


def stopping(rounds: int) -> None:
    """LoadGen's rule by bisection for 10⁶ queries; the budget is 5 ms."""
    rows: Rows = {f"percentile {share}": [] for share in (0.9, 0.99)}
    for _ in range(rounds or 20):
        for name, measured in rows.items():
            share = float(name.split()[-1])
            measured.append(_cost_ms(lambda share=share: most_beyond(10**6, share)))
    tell(rows, {"cpu": "CPU ms", "wall": "wall ms"})
    _verdict(max(row["wall"] for each in rows.values() for row in each), 5, "ms of wall time")


def intervals(rounds: int) -> None:
    """95 % intervals of the 90th percentile of 10 000 latencies, both ways; they are the same."""
    latencies = np.random.default_rng(0).lognormal(size=10_000)
    ways: dict[str, Callable[[], Any]] = {
        "counting": lambda: percentile_interval(latencies, 0.9, seed=next(seeds)),
        "every resample": lambda: bootstrap_interval(
            latencies, lambda ordered: percentile(ordered, 0.9), seed=next(seeds)
        ),
    }
    # Both are asked for seeds of their own, since what is known is not computed again.
    seeds = itertools.count(1)
    rows: Rows = {name: [] for name in ways}
    for _ in range(rounds or 5):
        for name, way in ways.items():
            rows[name].append(_cost_ms(way))
    tell(rows, {"cpu": "CPU ms", "wall": "wall ms"})
    counted = percentile_interval(latencies, 0.9)
    drawn = bootstrap_interval(latencies, lambda ordered: percentile(ordered, 0.9))
    print(f"the same ends: {counted == drawn}")


def verdict(rounds: int) -> None:
    """From the Plan to the judged Run of a closed loop of 5 s; the budget is 6 s."""
    asked = dlscope.experiment(
        MODEL,
        backend="mock",
        scenario={"name": "online", "min_duration_ms": 5000, "mode": "performance"},
        items=2,
    )
    (plan,) = plan_experiment(asked).plans
    rows: Rows = {"5 s of queries": []}
    for _ in range(rounds or 3):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            run = Evaluation().execute(plan, Context("r-1", Path(folder)))
            wall_s = time.perf_counter() - start
        rows["5 s of queries"].append({"wall": wall_s, "queries": float(len(run.samples))})
    tell(rows, {"wall": "wall s", "queries": "queries"})
    _verdict(max(row["wall"] for row in rows["5 s of queries"]), 6, "s of wall time")


def bare_loadgen(folder: Path, scenario: str) -> int:
    """LoadGen with the least Python a system needs, and no trace."""
    loadgen = import_loadgen()
    test = loadgen.TestSettings()
    test.scenario = getattr(loadgen.TestScenario, scenario)
    test.mode = loadgen.TestMode.PerformanceOnly
    test.min_query_count, test.min_duration_ms = QUERIES, 0
    test.single_stream_expected_latency_ns = 50_000.0
    logs, output = loadgen.LogSettings(), loadgen.LogOutputSettings()
    output.outdir, logs.log_output, logs.enable_trace = str(folder), output, False
    response, complete = loadgen.QuerySampleResponse, loadgen.QuerySamplesComplete

    def issue(queries: Sequence[Any]) -> None:
        complete([response(query.id, 0, 0) for query in queries])

    def nothing(*_: object) -> None:
        """Loads, unloads and flushes nothing."""

    sut = loadgen.ConstructSUT(issue, nothing)
    library = loadgen.ConstructQSL(1000, 1000, nothing, nothing)
    loadgen.StartTestWithLogSettings(sut, library, test, logs, str(folder / "none"))
    loadgen.DestroyQSL(library)
    loadgen.DestroySUT(sut)
    return QUERIES


def _scenario(kind: str, **fields: Any) -> ScenarioManifest:
    return ScenarioManifest(schema_version=1, name="overhead", type=kind, **fields)


def _cost(door: Callable[[Path], int]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        start, cpu = time.perf_counter_ns(), time.process_time_ns()
        queries = door(Path(folder))
        wall_ns = time.perf_counter_ns() - start
        cpu_ns = time.process_time_ns() - cpu
    return {"cpu_us": cpu_ns / queries / 1e3, "wall_us": wall_ns / queries / 1e3}


def _cost_ms(work: Callable[[], Any]) -> dict[str, float]:
    start, cpu = time.perf_counter(), time.process_time()
    work()
    return {
        "cpu": 1e3 * (time.process_time() - cpu),
        "wall": 1e3 * (time.perf_counter() - start),
    }


def tell(rows: Rows, columns: dict[str, str]) -> None:
    """Print the median over rounds of each column, with its range."""
    print(" " * 24 + "".join(f"{title:>28}" for title in columns.values()))
    for name, measured in rows.items():
        line = f"{name:24}"
        for key in columns:
            values = [row[key] for row in measured]
            line += f"{median(values):12.3f} [{min(values):.3f}…{max(values):.3f}]".rjust(28)
        print(line)


def _verdict(worst: float, budget: float, of: str) -> None:
    verdict = "within" if worst <= budget else "over"
    print(f"{verdict} the budget of {budget} {of}: {worst:.3g} in the worst round")


if __name__ == "__main__":
    main()
