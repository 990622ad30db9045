"""How the reorder of SkyNet is best written, and how near overlapping stages come to their bound.

Two comparisons, with their spread over rounds:

1. SkyNet C in ONNX Runtime on one thread with the reorder as slices, as one SpaceToDepth node and
   absorbed by the next convolution, in turns: ratio to slices.
2. JPEG files read and prepared, inferred, and decoded in three threads: against one after the
   other, and against the sum of the stages, with the share of the bound of the slowest.

    python benchmarks/skynet.py [--rounds 20] [--images 100] [--seed 0]
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from dlscope.core.stats import bootstrap_interval, trimmed_mean
from dlscope.graph.builder import serialize
from dlscope.methods.skynet.decoding import decode
from dlscope.methods.skynet.preparing import prepare
from dlscope.methods.skynet.staged import Stage, run_staged
from dlscope.zoo.skynet.folding import fold_bn
from dlscope.zoo.skynet.network import build, state_of
from dlscope.zoo.skynet.onnx_model import LOWERINGS, onnx_model

SIZE = (640, 360)


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


def photographs(count: int, seed: int) -> list[bytes]:
    """JPEG files of soft noise at the size of the contest."""
    generator = np.random.default_rng(seed)
    files = []
    for _ in range(count):
        small = generator.integers(0, 256, (45, 80, 3), np.uint8)
        file = io.BytesIO()
        Image.fromarray(small).resize(SIZE, Image.Resampling.BICUBIC).save(file, "JPEG")
        files.append(file.getvalue())
    return files


def read(content: bytes) -> NDArray[np.float32]:
    """The input of the network from a file."""
    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    return prepare(pixels, resize="nearest").values_chw[None]


def stages(session: onnxruntime.InferenceSession) -> Sequence[Stage]:
    """What is done to a file, in three stages."""
    return (
        Stage("read", read),
        Stage("infer", lambda image: session.run(None, {"image": image})[0]),
        Stage("boxes", lambda head: decode(head, [SIZE])),
    )


def main() -> None:
    """Print both comparisons."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    opened = sessions(options.seed)
    for name, ratios in compare_lowerings(opened, options.rounds).items():
        low, high = bootstrap_interval(ratios, trimmed_mean)
        middle = float(trimmed_mean(np.sort(ratios)))
        print(f"{name:16} {middle:.3f} of slices  [{low:.3f}, {high:.3f}]")
    files = photographs(options.images, options.seed)
    steps = stages(opened["slices"])
    alone = timed(lambda: [_through(steps, file) for file in files])
    done = run_staged(steps, files)
    for stage in done.stages:
        print(f"{stage.name:8} busy {stage.busy_ns / 1e6:9.1f} ms, {stage.occupancy:.1f} queued")
    print(
        f"one after the other {alone / 1e6:.1f} ms, overlapping {done.wall_ns / 1e6:.1f} ms: "
        f"{alone / done.wall_ns:.2f} times as fast"
    )
    print(
        f"bottleneck {done.bottleneck}: {done.speed_up:.2f} by stage times, "
        f"bound {done.bound:.2f}, share {done.speed_up / done.bound:.3f}"
    )


def _through(steps: Sequence[Stage], item: Any) -> Any:
    for step in steps:
        item = step.work(item)
    return item


if __name__ == "__main__":
    main()
