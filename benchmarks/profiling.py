"""What explaining costs: finding parents, and analysing more spans than fit into memory.

    python benchmarks/profiling.py merge       parents of 10⁶ spans by containment, and their sums
    python benchmarks/profiling.py scale       10⁷ spans on disk: A1 to A7, time, memory, bytes
    python benchmarks/profiling.py overhead    what the level of layers adds to ResNet-18 in PyTorch
    python benchmarks/profiling.py profiler    the same, and under PyTorch's own profiler alone

CPU time stands beside wall time; the memory is the most that the process ever held.
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import itertools
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

import dlscope
from dlscope.backends.base import Predictor
from dlscope.catalog.assets import fetch
from dlscope.catalog.finder import find
from dlscope.core import registry
from dlscope.core.manifest import ModelManifest
from dlscope.core.stats import difference_interval, trimmed_mean
from dlscope.core.trace import UNRESOLVED, Level, Trace
from dlscope.methods.profiling.profile import Profile
from dlscope.store import Store
from dlscope.testing.profiles import profiling_run
from dlscope.tracing.arrow import parquet_options, spans_table
from dlscope.tracing.merge import resolve_parents
from dlscope.tracing.parts import iteration_parts

LAYERS, CALLS = 100, 4
LAYER_NS, ITERATION_NS = 90_000, 10_000_000
LEVELS = (Level.MODEL, Level.LAYER, Level.LIBRARY)
TEXTS = ("model", *(f"layer{i}" for i in range(LAYERS)), "call", "Conv", "")


def main() -> None:
    """Run the part that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("merge", "scale", "overhead", "profiler"))
    parser.add_argument("--spans", type=float, default=0)
    asked = parser.parse_args()
    if asked.part == "merge":
        merge(int(asked.spans or 1e6))
    elif asked.part == "scale":
        scale(int(asked.spans or 1e7))
    elif asked.part == "overhead":
        overhead()
    else:
        profiler()


def merge(spans: int) -> None:
    """Containment of spans whose parents nobody told, and the sum over each layer."""
    trace = Trace.merged(_part(2, each) for each in _iterations(spans, 2))
    trace = trace.with_columns(parent_id=np.full(len(trace), UNRESOLVED))
    with _Cost(f"parents of {len(trace):,} spans"):
        resolved = resolve_parents(trace).trace
    with _Cost("sum of durations by level and name"):
        key = resolved["level"].astype(np.int64) << 32 | resolved["name"]
        _, which = np.unique(key, return_inverse=True)
        np.bincount(which, weights=(resolved["end_ns"] - resolved["start_ns"]))
    with _Cost("join of parents and children"):
        order = np.argsort(resolved["id"], kind="stable")
        place = np.searchsorted(resolved["id"][order], np.maximum(resolved["parent_id"], 0))
        np.minimum(place, len(resolved) - 1)


def scale(spans: int) -> None:
    """More spans than are held at once, from a file, through A1 to A7."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spans.parquet"
        count = _write(path, spans)
        print(f"{count:,} spans, {path.stat().st_size / count:.2f} bytes each on disk")
        with _Cost("A1 to A7"):
            run = profiling_run([], LEVELS)
            profile = Profile(dataclasses.replace(run, trace=Trace()), iteration_parts(path))
            for number in range(1, 8):
                registry.load("analyses", f"a{number}")().of_profiles([profile])
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"at most {most:.0f} MiB in memory")


def overhead() -> None:
    """The level of layers on a real network: CPU time of the run M/L by that of M, interleaved."""
    with tempfile.TemporaryDirectory() as folder:
        report = dlscope.profile(
            "resnet18", backend="torch", levels="M,L", iterations=60, store=folder
        )
        with Store.open(folder) as store:
            model = Profile(store.run(report.runs[0])).model
    assert model is not None
    for clock, times in (("CPU", model.cpu_ns), ("wall", model.durations_ns)):
        plain, layers = (np.sort(times[run].astype(float)) for run in (0, 1))
        base = float(trimmed_mean(plain))
        ends = difference_interval(times[0], times[1], trimmed_mean)
        ratio = float(trimmed_mean(layers)) / base
        low, high = 1 + ends.lo / base, 1 + ends.hi / base
        print(f"M/L by M, {clock} time: {ratio:.4f} [{low:.4f}, {high:.4f}]")


def profiler() -> None:
    """CPU time of a prediction by who looks on, as a ratio to the one that nobody looks at."""
    for name in ("resnet18", "mobilenet_v2"):
        ways, rounds = _watched(name), 15
        taken: dict[str, list[float]] = {way: [] for way in ways}
        for way in itertools.chain.from_iterable([ways] * (1 + rounds)):
            taken[way].append(ways[way]())
        plain = np.array(taken.pop("nobody")[1:])
        for way, times in taken.items():
            ratios = np.array(times[1:]) / plain
            low, middle, high = np.quantile(ratios, (0.25, 0.5, 0.75))
            print(f"{name}, {way}: {middle:.3f}, quartiles {low:.3f} to {high:.3f}")


def _watched(name: str, predictions: int = 20) -> Mapping[str, Callable[[], float]]:
    """CPU time in s of some predictions, by who looks on; what comes after them is not counted."""
    from torch.profiler import ProfilerActivity, profile

    model = find("models", name)
    assert isinstance(model, ModelManifest)
    backend, graph = registry.load("backends", "torch")(), fetch(model).paths["graph"]
    plain = backend.open(graph)
    traced, tracers = backend.open_traced(graph, None, (Level.LAYER,))
    feeds = {
        each.name: np.zeros([size or 1 for size in each.shape], np.float32) for each in plain.inputs
    }

    def cost_s(predictor: Predictor) -> float:
        gc.collect()  # what the last one left behind is not to be looked through again and again
        predictor.predict(feeds)  # its weights lie in the caches again
        before = time.process_time()
        for _ in range(predictions):
            predictor.predict(feeds)
        return time.process_time() - before

    def by_dlscope() -> float:
        for tracer in tracers:
            tracer.start()
        taken_s = cost_s(traced)
        for tracer in tracers:
            tracer.stop()
            tracer.drain()
        return taken_s

    def by_torch() -> float:
        with profile(activities=[ProfilerActivity.CPU]):
            return cost_s(plain)

    return {
        "nobody": lambda: cost_s(plain),
        "layers by dlscope": by_dlscope,
        "operators by torch.profiler": by_torch,
    }


def _iterations(spans: int, run: int) -> Iterator[range]:
    """Iterations of one run, a few hundred at a time."""
    total = max(1, spans // (1 + LAYERS * (1 + (CALLS if run == 2 else 0))))
    yield from (range(first, min(first + 500, total)) for first in range(0, total, 500))


def _part(run: int, iterations: range) -> Trace:
    """Whole iterations of run 0 (M), 1 (M/L) or 2 (M/L/B), sorted by start."""
    number = np.arange(iterations.start, iterations.stop)
    model = number * ITERATION_NS + run * 10**15
    layer = (model[:, None] + np.arange(LAYERS) * LAYER_NS).ravel()
    call = (layer[:, None] + 1_000 + np.arange(CALLS) * 20_000).ravel()
    first_id = run * 10**9 + iterations.start * (1 + LAYERS * (1 + CALLS)) + 1
    columns: dict[str, list[np.ndarray]] = {
        name: [] for name in ("start_ns", "end_ns", "level", "name", "type", "iteration")
    }
    kinds = [(model, 9_500_000, 30, np.zeros(number.size, int), LAYERS + 3)]
    if run > 0:
        kinds.append((layer, 85_000, 40, 1 + np.tile(np.arange(LAYERS), number.size), LAYERS + 2))
    if run > 1:
        kinds.append((call, 15_000, 50, np.full(call.size, LAYERS + 1), LAYERS + 3))
    for start, duration, level, name, kind in kinds:
        columns["start_ns"].append(start)
        columns["end_ns"].append(start + duration)
        columns["level"].append(np.full(start.size, level))
        columns["name"].append(name)
        columns["type"].append(np.full(start.size, kind))
        columns["iteration"].append(np.repeat(number, start.size // number.size))
    together = {name: np.concatenate(parts) for name, parts in columns.items()}
    size = together["start_ns"].size
    order = np.lexsort((together["level"], together["start_ns"]))
    trace = Trace.of_columns(
        {name: column[order] for name, column in together.items()}
        | {"id": first_id + np.arange(size), "run": np.full(size, run)},
        TEXTS,
    )
    return trace.with_columns(parent_id=_parents(trace))


def _parents(trace: Trace) -> np.ndarray:
    """Each span's parent is the last one before it on the level above."""
    parents = np.zeros(len(trace), dtype=np.int64)
    for level, above in ((40, 30), (50, 40)):
        rows = np.where(trace["level"] == above, np.arange(len(trace)), 0)
        last = np.maximum.accumulate(rows)
        parents = np.where(trace["level"] == level, trace["id"][last], parents)
    return parents


def _write(path: Path, spans: int) -> int:
    """A third of the spans for each run; how many there are."""
    schema = spans_table(Trace()).schema
    count = 0
    with pq.ParquetWriter(path, schema, **parquet_options(schema)) as writer:
        for run, share in ((0, 0.001), (1, 0.2), (2, 0.8)):
            for iterations in _iterations(int(spans * share), run):
                table = spans_table(_part(run, iterations))
                writer.write_table(table)
                count += table.num_rows
    return count


class _Cost:
    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def __exit__(self, *exception: object) -> None:
        cpu, wall = time.process_time() - self._cpu, time.perf_counter() - self._wall
        print(f"{self._what}: {cpu:.2f} s of CPU, {wall:.2f} s of wall time")


if __name__ == "__main__":
    sys.exit(main())
