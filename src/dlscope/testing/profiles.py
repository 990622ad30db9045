"""The golden example of XSP's analyses, as a leveled experiment of three runs.

Every number that follows from it is known, so that an analysis of profiles can be checked.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dlscope.core.run import Energy, Run
from dlscope.core.trace import UNRESOLVED, Level, Span, Trace
from dlscope.methods.profiling.profile import CEILINGS, WORK
from dlscope.testing.analyses import example_run
from dlscope.tracing.merge import merge

MODEL_US = [1000, 1010, 990, 1400, 1005]
LAYERS = {
    "L1": ("Conv2D", [600, 610, 590, 605, 900], 4),
    "L2": ("Conv2D", [200, 200, 200, 199, 202], 2),
    "L3": ("Relu", [150, 149, 151, 150, 150], 2),
}
KERNELS = [
    ("gemm", "L1", [300, 300, 300, 299, 350], 6e8, 4e6, 2e6, 0.50),
    ("reduce", "L1", [80, 81, 79, 80, 80], 1e8, 2e6, 2e6, 0.40),
    ("gemm", "L2", [100, 100, 101, 99, 100], 2e8, 1e6, 1e6, 0.25),
    ("relu", "L3", [120, 120, 121, 119, 120], 0, 8e6, 8e6, 0.90),
]
LAYER_ROOM_US = 1_000
ITERATION_US = 10_000


def golden_spans(*, streams: bool = False, threads: int = 1) -> list[Span]:
    """Spans with unknown parents: run 0 is M, 1 is M/L, 2 is M/L/K, five iterations each.

    On `streams` the kernels are executions on a device that end after their layers.
    """
    spans: list[Span] = []

    def add(
        level: Level, name: str, start: int, us: int, run: int, iteration: int, **more: Any
    ) -> None:
        fields: dict[str, Any] = {
            "thread": 1 + iteration % threads,
            "run": run,
            "iteration": iteration,
            **more,
        }
        begin = (run * 100 + iteration) * ITERATION_US * 1_000 + start * 1_000
        number = len(spans) + 1
        spans.append(Span(number, UNRESOLVED, level, name, begin, begin + us * 1_000, **fields))

    for run in range(3):
        for iteration in range(5):
            total = MODEL_US[iteration] if run == 0 else 4_000
            add(Level.MODEL, "model", 0, total, run, iteration)
            if run == 0:
                continue
            for place, (name, (kind, us, mebibytes)) in enumerate(LAYERS.items()):
                start = place * LAYER_ROOM_US
                attributes = {"allocated_bytes": mebibytes * 2**20}
                duration = us[iteration] if run == 1 else LAYER_ROOM_US - 1
                add(
                    *(Level.LAYER, name, start, duration, run, iteration),
                    type=kind,
                    attributes=attributes,
                )
                if run == 2:
                    _add_kernels(add, name, start, iteration, streams=streams)
    return spans


def _add_kernels(
    add: Callable[..., None], layer: str, start: int, iteration: int, *, streams: bool
) -> None:
    for number, (name, owner, us, flops, read, write, occupancy) in enumerate(KERNELS):
        if owner != layer:
            continue
        counters = {
            "flops": flops,
            "dram_read_bytes": read,
            "dram_write_bytes": write,
            "achieved_occupancy": occupancy,
        }
        if streams:
            ids = {"correlation_id": 1 + number + 10 * iteration, "tracer": "device"}
            add(Level.LIBRARY, "launch", start + 5, 2, 2, iteration, kind="launch", **ids)
            later = {"kind": "execution", "device": 0, "stream": number, "attributes": counters}
            add(Level.KERNEL, name, start + 1_500, us[iteration], 2, iteration, **ids, **later)
        else:
            add(Level.KERNEL, name, start, us[iteration], 2, iteration, attributes=counters)
            start += us[iteration]


def profiling_run(
    spans: Sequence[Span], levels: Sequence[Level], *, threads: int = 1, run_id: str = "r-profile"
) -> Run:
    """A finished Run of the workload `profiling` with these spans merged; batch 4."""
    run = example_run(run_id, model="resnet18", framework="torch")
    plan = run.plan.model_copy(
        update={
            "workload": "profiling",
            "batch_size": 4,
            "framework": run.plan.framework.model_copy(update={"options": {"threads": threads}}),
            "options": {"levels": [level.name for level in levels]},
        }
    )
    ceilings = json.dumps({"flops_per_s": 4e12, "bytes_per_s": 4e11})
    return dataclasses.replace(
        run,
        plan=plan,
        trace=merge([Trace(spans)]).trace,
        artifacts={CEILINGS: ceilings},
        conditions=(),
    )


def example_profiles() -> tuple[Run, ...]:
    """The golden example on one thread, on two with another library call, and on a device.

    One knows its graph, a chain; that of the device counted its energy.
    """
    levels = [Level.MODEL, Level.LAYER, Level.LIBRARY, Level.KERNEL]
    one, two = (
        profiling_run(_with_library(threads), levels, threads=threads, run_id=f"r-profile{threads}")
        for threads in (1, 2)
    )
    return one, with_graph(two), device_run()


def device_run() -> Run:
    """The golden example with its kernels executed on a device, on streams of their own."""
    levels = [Level.MODEL, Level.LAYER, Level.KERNEL]
    run = profiling_run(golden_spans(streams=True), levels, run_id="r-profile-device")
    options = {**run.plan.framework.options, "device": "gpu"}
    framework = run.plan.framework.model_copy(update={"name": "onnxruntime", "options": options})
    return dataclasses.replace(
        run,
        plan=run.plan.model_copy(update={"framework": framework}),
        energy=Energy("nvml", 12.0, 70.0, 0.5),
    )


def with_graph(run: Run) -> Run:
    """`run` of the golden example, told that its layers are a chain."""
    names = list(LAYERS)
    parts = {
        name: {
            "flops": sum(flops for _, owner, _, flops, *_ in KERNELS if owner == name),
            "read_bytes": 0.0 if not place else LAYERS[names[place - 1]][2] * 2.0**20,
            "write_bytes": LAYERS[name][2] * 2.0**20,
            "inputs": {names[place - 1]: LAYERS[names[place - 1]][2] * 2.0**20} if place else {},
        }
        for place, name in enumerate(names)
    }
    return dataclasses.replace(run, artifacts={**run.artifacts, WORK: json.dumps(parts)})


def _with_library(threads: int) -> list[Span]:
    """The golden spans with one call in each layer of the runs that see libraries."""
    spans: list[Span] = []
    for span in golden_spans():
        run = 3 if span.run == 2 else span.run
        spans.append(dataclasses.replace(span, run=run))
        if span.run == 2 and span.level in (Level.MODEL, Level.LAYER):
            spans.append(dataclasses.replace(span, run=2))
    calls = [
        dataclasses.replace(
            span,
            level=Level.LIBRARY,
            name="convolution",
            type="convolution",
            end_ns=span.end_ns - 1_000,
            attributes={"impl": f"jit:{threads}", "library": "oneDNN"},
        )
        for span in spans
        if span.level == Level.LAYER and span.run >= 2
    ]
    together = [*spans, *calls]
    return [dataclasses.replace(span, id=number) for number, span in enumerate(together, 1)]


def layered_run(
    layers: Mapping[str, tuple[str, Sequence[int]]],
    *,
    outside_us: int = 0,
    model: str = "resnet18",
    framework: str = "torch",
    batch_size: int = 1,
    attributes: Mapping[str, Mapping[str, Any]] | None = None,
    work: Mapping[str, Mapping[str, Any]] | None = None,
    run_id: str = "r-layered",
) -> Run:
    """A Run of the levels M and M/L: `layers` map names to an operator and µs by iteration.

    In both runs the model takes as long as its layers and `outside_us`. `attributes` are those of
    layers by their names, `work` is what the Run tells of its graph.
    """
    spans: list[Span] = []
    told = attributes or {}

    def add(level: Level, name: str, start_us: int, us: int, **fields: Any) -> None:
        begin = 1_000 * start_us
        end = begin + 1_000 * us
        spans.append(Span(len(spans) + 1, UNRESOLVED, level, name, begin, end, thread=1, **fields))

    for run, iteration in itertools.product(range(2), range(_iterations(layers))):
        start = (run * 1_000 + iteration) * 1_000_000
        durations = [us[iteration] for _, us in layers.values()]
        of = {"run": run, "iteration": iteration}
        add(Level.MODEL, "model", start, sum(durations) + outside_us, **of)
        for (name, (kind, _)), us in zip(layers.items(), durations, strict=True):
            if run == 1:
                add(Level.LAYER, name, start, us, type=kind, attributes=told.get(name, {}), **of)
            start += us
    made = profiling_run(spans, [Level.MODEL, Level.LAYER], run_id=run_id)
    plan = made.plan
    manifests = {
        "model": plan.model.model_copy(update={"name": model}),
        "framework": plan.framework.model_copy(update={"name": framework, "backend": framework}),
        "batch_size": batch_size,
    }
    artifacts = made.artifacts if work is None else {**made.artifacts, WORK: json.dumps(work)}
    return dataclasses.replace(made, plan=plan.model_copy(update=manifests), artifacts=artifacts)


def _iterations(layers: Mapping[str, tuple[str, Sequence[int]]]) -> int:
    return min(len(us) for _, us in layers.values())
