"""What the two recipes of SkyNet reach on the same images from the same weights.

SkyNet C at half width on images of 160×80: 5,000 images of `uav-synth` to train with, 400 on ground
that no training has seen to evaluate with. CPU time is of all threads, changes of images included,
without the drawing of the set.

    python benchmarks/skynet_training.py --recipes region,iou --budget 150
    python benchmarks/skynet_training.py --recipes iou --iterations 9000 --data-seed 0
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dlscope.data.procedural.uav import UavImages
from dlscope.data.procedural.uav.classes import Split
from dlscope.methods.skynet.detection_scores import AREAS, DetectionScores, evaluate_detector
from dlscope.methods.skynet.detector_training.budget import timed_budget
from dlscope.methods.skynet.detector_training.recipes import recipe_of
from dlscope.methods.skynet.detector_training.stored_detector import (
    FILE,
    StoredDetector,
    untrained,
)
from dlscope.methods.skynet.detector_training.training import (
    TrainedDetector,
    TrainingOptions,
    train_detector,
)
from dlscope.methods.skynet.prepared_images import (
    PreparedImages,
    prepared_images,
    read_prepared,
)

SIZE = (80, 160)
WIDTH = 0.5


def images_of(split: Split, count: int, seed: int, cache: Path | None) -> PreparedImages:
    """Images at the size of the network, kept in the folder `cache` where one is given."""
    path = None if cache is None else cache / f"{split}-{count}-{seed}.npz"
    if path is not None and path.is_file():
        return read_prepared(path)
    images = prepared_images(UavImages(split, count, seed=seed), SIZE)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        images.write(path)
    return images


def trained(
    name: str,
    train: PreparedImages,
    seed: int,
    iterations: int | None,
    budget_s: float,
    folder: Path | None,
) -> TrainedDetector:
    """A detector by the recipe `name`, trained on one thread, and kept in `folder`."""
    network = untrained("C", width=WIDTH, size=SIZE, seed=seed).network
    options = TrainingOptions(recipe_of(name), iterations or 1, seed=seed)
    if iterations is None:
        budget = timed_budget(budget_s, network, train, options.course(train))
        planned = budget.iterations(options.recipe)
        options = replace(options, iterations=planned, budget=budget)
    detector = train_detector(
        network,
        train,
        options,
        folder=folder,
        told=lambda step, share: print(f"  {step} {share:.0%}", flush=True),
    )
    if folder is not None:
        facts: dict[str, str | int | float] = {
            "recipe": name,
            "iterations": detector.steps,
            "seed": seed,
        }
        anchors = detector.course.anchors
        StoredDetector(network, anchors, train.resize, facts, detector.history).write(folder / FILE)
    return detector


def told(name: str, detector: TrainedDetector, scores: DetectionScores) -> str:
    """A row: iterations, times, overlaps, and the overlap by size of the object."""
    parts = [scores.of_area(area) for area in AREAS]
    by_area = " ".join("  –  " if part is None else f"{part.mean_iou:.3f}" for part in parts)
    return (
        f"{name:8} {detector.steps:6} steps {detector.cpu_s:6.0f} CPU s "
        f"{detector.wall_s:6.0f} s  mean IoU {scores.mean_iou:.4f}  best {scores.best_iou:.4f}  "
        f"> 0.5 {scores.found:.3f}  missed {scores.missed:.3f}  by area {by_area}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a row for each recipe."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipes", default="region,iou")
    parser.add_argument("--iterations", type=int, default=None)
    parser.add_argument("--budget", type=float, default=150.0, help="CPU seconds")
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--val-images", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0, help="weights, order and changes of images")
    parser.add_argument("--data-seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=None, help="folder to keep detectors in")
    parser.add_argument("--cache", type=Path, default=None, help="folder to keep images in")
    options = parser.parse_args(arguments)
    train = images_of("train", options.images, options.data_seed, options.cache)
    val = images_of("val", options.val_images, options.data_seed, options.cache)
    rows = []
    for name in options.recipes.split(","):
        folder = None if options.out is None else options.out / name
        detector = trained(name, train, options.seed, options.iterations, options.budget, folder)
        rows.append(told(name, detector, evaluate_detector(detector.predict, val)))
    print("\n".join(rows))


if __name__ == "__main__":
    main()
