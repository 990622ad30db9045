"""How the reorder of SkyNet is best written, and how near overlapping stages come to their bound.

Two comparisons, with their spread over rounds:

1. SkyNet C in ONNX Runtime on one thread with the reorder as slices, as one SpaceToDepth node and
   absorbed by the next convolution, in turns: ratio to slices.
2. JPEG files decoded and prepared, inferred, and made boxes of, in three threads and in four:
   against one after the other in turns, beside the bound that the slowest stage sets.

    python benchmarks/skynet.py [--rounds 20] [--images 100] [--weights FILE]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from dlscope.api import build_skynet
from dlscope.api.watcher import tell_nobody
from dlscope.core.stats import bootstrap_interval, trimmed_mean
from dlscope.data.image_files import write_jpeg
from dlscope.data.procedural.uav import UavImages
from dlscope.graph.builder import serialize
from dlscope.methods.skynet.detector_file import load_detector
from dlscope.methods.skynet.pipeline_report import pipeline_report
from dlscope.methods.skynet.pipeline_run import PipelineOptions, run_pipeline
from dlscope.zoo.skynet.folding import fold_bn
from dlscope.zoo.skynet.network import build, state_of
from dlscope.zoo.skynet.onnx_model import LOWERINGS, onnx_model


def sessions(seed: int) -> Mapping[str, onnxruntime.InferenceSession]:
    """A session of one thread for every way to write the reorder."""
    import torch

    torch.manual_seed(seed)
    network = build("C").eval()
    folded = fold_bn(state_of(network))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return {
        lowering: onnxruntime.InferenceSession(
            serialize(onnx_model(folded, network.layout, lowering=lowering)),
            options,
            providers=["CPUExecutionProvider"],
        )
        for lowering in LOWERINGS
    }


def timed(call: Callable[[], Any]) -> int:
    """Nanoseconds of one call."""
    started = time.perf_counter_ns()
    call()
    return time.perf_counter_ns() - started


def compare_lowerings(
    opened: Mapping[str, onnxruntime.InferenceSession], rounds: int
) -> Mapping[str, list[float]]:
    """Ratios to the slices of the same round, after one round that does not count."""
    image = np.random.default_rng(0).standard_normal((1, 3, 160, 320), dtype=np.float32)
    ratios: dict[str, list[float]] = {name: [] for name in opened}
    for number in range(rounds + 1):
        times = {
            name: timed(lambda session=session: session.run(None, {"image": image}))
            for name, session in opened.items()
        }
        for name in opened if number else ():
            ratios[name].append(times[name] / times["slices"])
    return ratios


def draw_files(folder: Path, count: int) -> None:
    """JPEG files of 640×360, as a drone sees its target."""
    images = UavImages("test", count)
    for index in range(count):
        write_jpeg(folder / f"{images[index].name}.jpg", images[index].image_hwc)


def compare_orders(weights: str, folder: Path, rounds: int, *, is_apart: bool) -> None:
    """Print stages that overlap against one after the other, on the files below `folder`."""
    options = PipelineOptions(rounds=rounds, is_apart=is_apart)
    detector = load_detector(weights)
    run = run_pipeline(detector, folder, options, told=tell_nobody)
    report = pipeline_report(run, options, detector)
    for row in report.table("pipeline_stages"):
        print(
            f"{row['stage']:14} alone {row['alone_ns'] / 1e6:8.1f} ms, overlapping "
            f"{row['busy_ns'] / 1e6:8.1f} ms, starved {row['starved_ns'] / 1e6:8.1f} ms, blocked "
            f"{row['blocked_ns'] / 1e6:8.1f} ms, {row['occupancy']:.1f} queued"
        )
    for row in report.table("pipeline"):
        print(
            f"{row['order']:19} {row['images_per_s']:6.1f} images/s, "
            f"{row['cpu_ns'] / 1e6:.0f} ms of CPU time"
        )
    print(
        f"{row['speed_up']:.2f} times as fast [{row['speed_up_lo']:.2f}, "
        f"{row['speed_up_hi']:.2f}], at most {row['bound']:.2f}"
    )


def main() -> None:
    """Print both comparisons."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--photographs", type=Path)
    parser.add_argument("--weights")
    parser.add_argument("--pipeline-rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    opened = sessions(options.seed)
    for name, ratios in compare_lowerings(opened, options.rounds).items():
        low, high = bootstrap_interval(ratios, trimmed_mean)
        middle = float(trimmed_mean(np.sort(ratios)))
        print(f"{name:16} {middle:.3f} of slices  [{low:.3f}, {high:.3f}]")
    with tempfile.TemporaryDirectory() as drawn:
        folder = options.photographs or Path(drawn)
        if options.photographs is None:
            draw_files(folder, options.images)
        weights = options.weights or str(Path(drawn) / "drawn.onnx")
        if options.weights is None:
            build_skynet(Path(weights), seed=options.seed)
        for is_apart in (False, True):
            compare_orders(weights, folder, options.pipeline_rounds, is_apart=is_apart)


if __name__ == "__main__":
    main()
