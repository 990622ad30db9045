"""What recording a span costs, and what a span takes on disk, beside other ways to do it.

    python benchmarks/tracing.py [--spans N] [--repeats N]

Everything takes turns, so that a machine that drifts favours nobody, and is told as the lowest CPU
time of all turns. What is not installed is named with the reason. Bars: 1.5 µs for a recorded
span, 0.3 µs for one that is not, 50 B in a stream, 20 B in Parquet, 200 B and 30 B as Chrome JSON.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dlscope.core.trace import Level
from dlscope.stacks.system import system
from dlscope.tracing.archive import to_parquet
from dlscope.tracing.capture import SpanBuffer
from dlscope.tracing.epoch import anchor
from dlscope.tracing.exporters.chrome import write_chrome
from dlscope.tracing.exporters.otlp import write_otlp
from dlscope.tracing.stream import SpanStream
from dlscope.tracing.stream_reading import read_stream

LAYERS = tuple(f"layer_{number}/convolution" for number in range(60))

Loop = Callable[[int], None]


def main() -> None:
    """Measure, and print one row for each way."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--spans", type=int, default=50_000)
    parser.add_argument("--repeats", type=int, default=9)
    asked = parser.parse_args()
    cpu = system().cpu
    print(f"{cpu.model}, {cpu.effective_cores} cores; {asked.repeats} × {asked.spans} spans\n")
    for name, cost_us in costs(asked.spans, asked.repeats).items():
        print(f"{name:<44} {cost_us:8.3f} µs")
    print()
    for name, size_bytes in sizes(asked.spans).items():
        print(f"{name:<44} {size_bytes:8.1f} B")
    for name, reason in missing().items():
        print(f"{name:<44} {reason}")


def costs(spans: int, repeats: int) -> dict[str, float]:
    """CPU time of a span in µs, less that of the bare loop."""
    with tempfile.TemporaryDirectory() as folder:
        loops = {"bare loop": bare, **recorders(Path(folder))}
        lowest = dict.fromkeys(loops, float("inf"))
        for _ in range(repeats):
            for name, loop in loops.items():
                before = time.thread_time_ns()
                loop(spans)
                taken = time.thread_time_ns() - before
                lowest[name] = min(lowest[name], taken / spans / 1e3)
    bare_us = lowest.pop("bare loop")
    return {name: cost - bare_us for name, cost in lowest.items()}


def recorders(folder: Path) -> dict[str, Loop]:
    """Loops that record a span for each layer, by name of what records."""
    found: dict[str, Loop] = {
        "dlscope, level not recorded": buffered(SpanBuffer(Level.MODEL)),
        "dlscope, in memory": buffered(SpanBuffer(Level.LAYER)),
        "dlscope, streamed to a file": streamed(folder / "spans.arrows"),
        "dlscope, in memory, with CPU time": costed,
        "dictionary of a Chrome event, appended": chrome_events,
    }
    if is_installed("opentelemetry.sdk"):
        found["OpenTelemetry SDK, exported to nowhere"] = opentelemetry()
    return found


def missing() -> dict[str, str]:
    """What is not measured here, and why."""
    wanted = {"OpenTelemetry SDK": "opentelemetry.sdk", "Chrome JSON read by pandas": "pandas"}
    return {
        name: f"skipped: {module} is not installed"
        for name, module in wanted.items()
        if not is_installed(module)
    }


def is_installed(module: str) -> bool:
    """Whether `module` can be imported."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def bare(spans: int) -> None:
    """The loop alone."""
    for number in range(spans):
        LAYERS[number % 60]


def buffered(buffer: SpanBuffer) -> Loop:
    """Spans into a buffer, which is emptied after each turn."""

    def loop(spans: int) -> None:
        for number in range(spans):
            with buffer.span(LAYERS[number % 60], Level.LAYER):
                pass
        buffer.take()

    return loop


def streamed(path: Path) -> Loop:
    """Spans into a file; the thread that writes it is not counted."""

    def loop(spans: int) -> None:
        with SpanStream(path, Level.LAYER) as stream:
            for number in range(spans):
                with stream.span(LAYERS[number % 60], Level.LAYER):
                    pass

    return loop


def costed(spans: int) -> None:
    """Spans as evaluations record them."""
    buffer = SpanBuffer(Level.LAYER)
    for number in range(spans):
        with buffer.costed(LAYERS[number % 60], Level.LAYER):
            pass


def chrome_events(spans: int) -> None:
    """What a script without a tracer does."""
    events = []
    for number in range(spans):
        begun_ns = time.perf_counter_ns()
        taken_ns = time.perf_counter_ns() - begun_ns
        events.append(
            {
                "ph": "X",
                "name": LAYERS[number % 60],
                "ts": begun_ns / 1e3,
                "dur": taken_ns / 1e3,
                "pid": 1,
                "tid": 1,
            }
        )


def opentelemetry() -> Loop:
    """Spans of OpenTelemetry's SDK without an exporter."""
    trace: Any = importlib.import_module("opentelemetry.sdk.trace")
    tracer = trace.TracerProvider().get_tracer("benchmark")

    def loop(spans: int) -> None:
        for number in range(spans):
            with tracer.start_as_current_span(LAYERS[number % 60]):
                pass

    return loop


def sizes(spans: int) -> dict[str, float]:
    """Bytes of a span in each form, for predictions of 60 layers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stream_path = folder / "spans.arrows"
        with SpanStream(stream_path, Level.LAYER) as stream:
            for iteration in range(spans // (len(LAYERS) + 1)):
                stream.begin_iteration(iteration)
                with stream.span("predict", Level.MODEL):
                    for layer in LAYERS:
                        with stream.span(layer, Level.LAYER, "Conv"):
                            pass
        to_parquet(stream_path, folder / "spans.parquet")
        trace = read_stream(stream_path).trace
        for form in ("trace.json", "trace.json.gz"):
            write_chrome(folder / form, trace)
        for form in ("otlp.json", "otlp.json.gz"):
            write_otlp(folder / form, trace, anchor())
        return {
            path.name: path.stat().st_size / len(trace) for path in sorted(folder.iterdir())
        } | (by_pandas(folder / "trace.json", len(trace)) if is_installed("pandas") else {})


def by_pandas(path: Path, spans: int) -> dict[str, float]:
    """The memory of the same events as a data frame."""
    pandas: Any = importlib.import_module("pandas")
    events = json.loads(path.read_bytes())["traceEvents"]
    frame = pandas.json_normalize([event for event in events if event["ph"] == "X"])
    return {"pandas, in memory": float(frame.memory_usage(deep=True).sum()) / spans}


if __name__ == "__main__":
    main()
