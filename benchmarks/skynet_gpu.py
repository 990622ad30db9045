"""SkyNet on a GPU: the detector trained at its full size, and how quick it and trackers are.

SkyNet C at width 1 on images of 320×160 has to find objects on ground that it has not seen with a
mean IoU of 0.80. Latencies are those of variants A, B and C and of the trunks of trackers, batch 1,
in numbers of 32 and of 16 bits. It is a part of `gpu.py`; alone:

    python benchmarks/skynet_gpu.py [--seconds 200] [--place cuda]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import Any, final

import numpy as np

from dlscope.data.procedural.uav import UavImages
from dlscope.data.procedural.uav.classes import Split
from dlscope.methods.skynet.prepared_images import LabelledImage, PreparedImages, prepared_images

GOAL_IOU = 0.80
BATCH = 32
"""Twice that of a processor: a GPU takes hardly longer for it."""


@final
@dataclass(frozen=True)
class Effort:
    """How much is done: so many images, of `size` (height, width), and seconds of training."""

    images: int = 8000
    judged: int = 500
    size: tuple[int, int] = (160, 320)
    width: float = 1.0
    seconds: float = 200.0
    rounds: int = 30
    at_a_time: int = 500
    """Images that are worth a process of their own to draw them."""
    search_side: int | None = None
    """Side of what trackers search in, where it is not their own."""


REHEARSAL = Effort(24, 6, (32, 64), 0.1, 0.5, 2, at_a_time=12, search_side=64)
"""So little that every line is walked on a processor in a few seconds."""


@final
class Part:
    """Images from `first` on."""

    def __init__(self, images: UavImages, first: int) -> None:
        self._images, self._first = images, first

    def __len__(self) -> int:
        return len(self._images) - self._first

    def __getitem__(self, index: int) -> LabelledImage:
        return self._images[self._first + index]


def drawn(split: Split, first: int, last: int, size: tuple[int, int]) -> PreparedImages:
    """The images of a split from `first` to `last`."""
    return prepared_images(Part(UavImages(split, last), first), size)


def images_of(split: Split, count: int, effort: Effort) -> PreparedImages:
    """The first `count` of a split, drawn by as many processes as there are cores."""
    size, parts = effort.size, max(1, min(os.cpu_count() or 1, count // effort.at_a_time))
    if parts == 1:
        return drawn(split, 0, count, size)
    ends = np.linspace(0, count, parts + 1).astype(int).tolist()
    given = [split] * parts, ends[:-1], ends[1:], [size] * parts
    # Begun anew rather than forked: a process that has looked at a GPU is not to be split.
    with ProcessPoolExecutor(parts, get_context("spawn")) as pool:
        found = list(pool.map(drawn, *given))
    return PreparedImages(
        np.concatenate([each.pixels_nhwc for each in found]),
        tuple(box for each in found for box in each.boxes),
        tuple(name for each in found for name in each.names),
        found[0].resize,
    )


def trained(place: str, effort: Effort) -> Mapping[str, Any]:
    """What the detector reaches in its time, on images of the split `val` and of kinds unseen."""
    images = images_of("train", effort.images, effort)

    from dlscope.methods.skynet.detection_scores import evaluate_detector
    from dlscope.methods.skynet.detector_training.budget import timed_budget
    from dlscope.methods.skynet.detector_training.recipes import IOU
    from dlscope.methods.skynet.detector_training.stored_detector import untrained
    from dlscope.methods.skynet.detector_training.training import TrainingOptions, train_detector

    phases = tuple(replace(phase, batch=min(BATCH, len(images))) for phase in IOU.phases)
    options = TrainingOptions(replace(IOU, phases=phases, average=0.998), 1, device=place)
    network = untrained("C", width=effort.width, size=effort.size).network
    course = options.course(images)
    budget = timed_budget(effort.seconds, network, images, course, device=place)
    options = replace(options, iterations=budget.iterations(options.recipe), budget=budget)
    detector = train_detector(network, images, replace(options, checkpoint_every=100), told=say)
    told: dict[str, Any] = {
        "images": len(images),
        "size": [effort.size[1], effort.size[0]],
        "width": effort.width,
        "batch": phases[0].batch,
        "steps": detector.steps,
        "steps_planned": options.iterations,
        "cpu_s": detector.cpu_s,
        "wall_s": detector.wall_s,
        "goal_iou": GOAL_IOU,
        "last_losses": dict(detector.history[-1]),
    }
    splits: tuple[Split, ...] = ("val", "unseen")
    for split in splits:
        scores = evaluate_detector(detector.predict, images_of(split, effort.judged, effort))
        told[split] = {
            "mean_iou": scores.mean_iou,
            "best_iou": scores.best_iou,
            "found": scores.found,
            "missed": scores.missed,
            "reaches_goal": scores.mean_iou >= GOAL_IOU,
        }
    return told


def say(step: str, share: float) -> None:
    """Tell a stretch of steps now and then."""
    if int(share * 1000) % 100 < 5:
        print(f"  {step} {share:.0%}", flush=True)


def detectors(place: str, effort: Effort) -> Mapping[str, Any]:
    """Latencies of the variants with numbers of 32 and 16 bits, and how far these are apart."""
    import torch
    from gpu_latency import latencies

    from dlscope.zoo.skynet.network import build

    calls, heads = {}, {}
    draw = torch.Generator().manual_seed(0)
    image = torch.rand((1, 3, *effort.size), generator=draw) * 4 - 2
    for variant in ("A", "B", "C"):
        torch.manual_seed(0)
        network = build(variant, width_mult=effort.width, input=effort.size).eval().to(place)
        for name, kind in (("float32", torch.float32), ("float16", torch.float16)):
            call = called(network, image, place, kind)
            calls[f"{variant} {name}"] = call
            with torch.inference_mode():
                heads[variant, name] = call().float().cpu()
    rows = latencies(calls, place, rounds=effort.rounds, reference="C float32")
    for variant in ("A", "B", "C"):
        exact, half = heads[variant, "float32"], heads[variant, "float16"]
        rows[f"{variant} float16"]["relative_difference"] = float(
            (exact - half).abs().max() / exact.abs().max()
        )
    return rows


def trunks(place: str, effort: Effort) -> Mapping[str, Any]:
    """Latencies of every different trunk of the full-size trackers, on what it searches in."""
    import torch
    from gpu_latency import latencies

    from dlscope.zoo.siamese.design import DESIGNS
    from dlscope.zoo.siamese.trunks import trunk_of

    calls, known = {}, set()
    draw = torch.Generator().manual_seed(0)
    for name, design in DESIGNS.items():
        same = (design.trunk, design.levels)
        if name.endswith("-small") or same in known:
            continue
        known.add(same)
        side = effort.search_side or design.search
        if design.trunk == "alexnet" and effort.search_side:
            side = design.template
        image = torch.randn((1, 3, side, side), generator=draw)
        network = trunk_of(replace(design, width=effort.width)).eval().to(place)
        levels = "+".join(map(str, design.levels))
        for kind in (torch.float32, torch.float16):
            label = f"{design.trunk} {levels} at {side}, {str(kind).removeprefix('torch.')}"
            calls[label] = called(network, image, place, kind)
    return latencies(calls, place, rounds=effort.rounds, reference=next(iter(calls)))


def called(network: Any, image: Any, place: str, kind: Any) -> Callable[[], Any]:
    """A call of a copy of `network` that computes in `kind`."""
    import copy

    own, given = copy.deepcopy(network).to(kind), image.to(place, kind)
    return lambda: own(given)


def measured(place: str, effort: Effort) -> dict[str, Any]:
    """All of it. Raises `TrainingError` where the place is not there."""
    import torch

    from dlscope.training.launching import device_of

    device_of("cuda" if place == "cuda" else "cpu")
    torch.set_num_threads(1)  # so little is left to a processor that a second one waits
    told: dict[str, Any] = {}
    for name, part in (("detectors", detectors), ("trunks", trunks), ("training", trained)):
        told[name] = part(place, effort)
        # A part that is ended for its time leaves at least what it had.
        print(json.dumps({name: told[name]}), file=sys.stderr)
    return told


def main(arguments: Sequence[str] | None = None) -> None:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=Effort.seconds)
    parser.add_argument("--place", choices=("cuda", "cpu"), default="cuda")
    options = parser.parse_args(arguments)
    print(json.dumps(measured(options.place, Effort(seconds=options.seconds)), indent=1))


if __name__ == "__main__":
    main()
