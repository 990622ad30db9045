"""What fewer bits cost SkyNet, on drawn images with known boxes and on a folder of images.

1. 8-bit integers: mean IoU, overlap with the boxes of floats, size, and CPU time in turns.
2. Bits of maps × bits of weights × integer bits of maps: the same overlaps.

Ranges come from 128 drawn images of the training split; images to measure are of the other one.

    python benchmarks/skynet_bits.py WEIGHTS [--data uav-synth] [--images 100] [--sweep-images 40]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from dlscope.api import quantize_skynet
from dlscope.core.table import Table

OVERLAPS = ("mean_iou", "lost_iou", "iou_with_float", "switches")
BITS = ("map_bits", "weight_bits", "map_integer_bits")


def printed(table: Table, names: tuple[str, ...]) -> None:
    """Some columns of a table."""
    print("  ".join(f"{name:>16}" for name in names))
    for row in table:
        cells = (
            f"{row[name]:16.3f}" if isinstance(row[name], float) else f"{row[name]!s:>16}"
            for name in names
        )
        print("  ".join(cells))


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights")
    parser.add_argument("--data", default="uav-synth")
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--sweep-images", type=int, default=40)
    parser.add_argument("--map-bits", default="9,8")
    parser.add_argument("--weight-bits", default="11,10,8")
    options = parser.parse_args()
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        report = quantize_skynet(
            options.weights,
            data=options.data,
            images=options.images,
            int8=Path(folder) / "int8.onnx",
        )
    printed(report.table("int8"), ("model", *OVERLAPS, "size_bytes", "ratio"))
    report = quantize_skynet(
        options.weights,
        data=options.data,
        images=options.sweep_images,
        map_bits=[int(each) for each in options.map_bits.split(",")],
        weight_bits=[int(each) for each in options.weight_bits.split(",")],
        integer_bits=["calibrated", 3, 4],
    )
    printed(report.table("fixed_point"), (*BITS, *OVERLAPS))
    print(f"{time.process_time() - started:.0f} s of CPU time")


if __name__ == "__main__":
    main()
