"""How fast does `uav-synth` draw, and are its sizes those of the set of the contest?

Images are drawn in this process at 360×640, after all grounds; counted is CPU time, beside the time
of the clock. Then the areas of all boxes, and one table for the classes. For sequences: the overlap
of a box that stays where it was, and that of template matching near the last place.

    python benchmarks/uav_synth.py [--images 10000] [--sequences 20] [--frames 50]
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from typing import cast, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from dlscope.data.procedural.uav import CLASSES, Preset, UavImages, UavSequence, uav_sequences
from dlscope.data.procedural.uav.ground import tile, tiles

_REACH_PX = 40


def areas(count: int) -> dict[str, list[float]]:
    """Shares of the image in %, by class, of the training set; its speed is printed."""
    start = time.process_time()
    for number in range(tiles("train")):
        tile(0, "train", number)
    print(f"{tiles('train')} grounds: {time.process_time() - start:.2f} CPU s")
    found: dict[str, list[float]] = defaultdict(list)
    cpu, clock = time.process_time(), time.perf_counter()
    for image in UavImages("train", count):
        ((x_min, y_min, x_max, y_max),) = image.boxes
        height, width = image.image_hwc.shape[:2]
        share = (x_max - x_min) * (y_max - y_min) / (height * width)
        found[image.class_name].append(100 * share)
    cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
    print(f"{count} images: {count / cpu:.0f} a CPU second, {count / clock:.0f} a second")
    return found


def print_areas(found: dict[str, list[float]]) -> None:
    """The whole set, then each class beside what was published of it."""
    every = np.concatenate([np.array(each) for each in found.values()])
    print(f"mean area {every.mean():.3f} %, {(every < 1).mean():.1%} of boxes below 1 %")
    print("class       images  mean   published  least  most")
    for known in CLASSES:
        each = np.array(found[known.name])
        print(
            f"{known.name:<11} {each.size:>6}  {each.mean():<5.2f}  {known.mean_area:<9.2f}  "
            f"{each.min():<5.2f}  {each.max():.2f}"
        )


def overlap(sequence: UavSequence, boxes_xywh: NDArray[np.float64]) -> float:
    """Mean IoU with the truth after the first frame."""
    a, b = boxes_xywh[1:], sequence.boxes_xywh[1:]
    low = np.maximum(a[:, :2], b[:, :2])
    high = np.minimum(a[:, :2] + a[:, 2:], b[:, :2] + b[:, 2:])
    common = np.clip(high - low, 0, None).prod(axis=1)
    union = a[:, 2:].prod(axis=1) + b[:, 2:].prod(axis=1) - common
    return float((common / union).mean())


def matched(sequence: UavSequence) -> NDArray[np.float64]:
    """Where the first look of the target is found again, near where it was last."""
    x, y, width, height = (round(side) for side in sequence.boxes_xywh[0])
    frames = iter(sequence.frames)
    look = next(frames)[y : y + height, x : x + width]
    places = [(x, y, width, height)]
    for frame in frames:
        top, left = max(0, y - _REACH_PX), max(0, x - _REACH_PX)
        near = frame[top : y + height + _REACH_PX, left : x + width + _REACH_PX]
        answer = cv2.matchTemplate(near, look, cv2.TM_CCOEFF_NORMED)
        across, down = cv2.minMaxLoc(answer)[3]
        x, y = left + across, top + down
        places.append((x, y, width, height))
    return np.array(places, dtype=np.float64)


def main() -> None:
    """Print what is told above."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--sequences", type=int, default=20)
    parser.add_argument("--frames", type=int, default=50)
    asked = parser.parse_args()
    print(f"OpenCV {cv2.__version__}, numpy {np.__version__}")
    print_areas(areas(asked.images))
    for preset in get_args(Preset):
        cpu = time.process_time()
        made = uav_sequences(cast("Preset", preset), "val", asked.sequences, asked.frames)
        still = [overlap(each, np.repeat(each.boxes_xywh[:1], asked.frames, 0)) for each in made]
        found = [overlap(each, matched(each)) for each in made]
        cpu = time.process_time() - cpu
        print(
            f"{preset}: overlap of a still box {np.mean(still):.2f}, of template matching "
            f"{np.mean(found):.2f}; {len(made) * asked.frames / cpu:.0f} frames a CPU second, "
            "matching included"
        )


if __name__ == "__main__":
    main()
