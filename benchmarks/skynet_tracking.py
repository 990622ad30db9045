"""How much faster SkyNet makes a tracker than ResNet-50, by turns, beside the published ratios.

Trackers with random weights, on one thread of torch, in turns: what the backbones and the whole
trackers take for a frame. Ratios of clock and processor time are told with their 95 % interval
over rounds, beside parameters, multiply-accumulates and what the papers say of a 1080 Ti.

    python benchmarks/skynet_tracking.py [--rounds 8] [--seed 0]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from dlscope.core.stats import bootstrap_interval, trimmed_mean
from dlscope.zoo.siamese.counting import counts_of
from dlscope.zoo.siamese.design import DESIGNS
from dlscope.zoo.siamese.network import SiameseNetwork

COMPARED = (
    ("SiamRPN", "siamrpn-resnet50", "siamrpn-skynet", "–"),
    ("SiamRPN++", "siamrpn++-resnet50", "siamrpn-skynet", "1.60"),
    ("SiamMask", "siammask-resnet50", "siammask-skynet", "1.73"),
)
NAMES = tuple(dict.fromkeys(name for _, large, small, _ in COMPARED for name in (large, small)))


def calls(seed: int) -> Mapping[str, Callable[[], Any]]:
    """The backbone and the whole of each tracker, on one search; templates are kept."""
    torch.manual_seed(seed)
    found: dict[str, Callable[[], Any]] = {}
    for name in NAMES:
        design = DESIGNS[name]
        network = SiameseNetwork(design).eval()
        kernels = network.kernels(torch.randn(1, 3, design.template, design.template))
        search = torch.randn(1, 3, design.search, design.search)
        found[f"{name} backbone"] = lambda n=network, s=search: n.trunk(s)
        found[f"{name} tracker"] = lambda n=network, s=search, k=kernels: whole(n, s, k)
    return found


def whole(network: SiameseNetwork, search: Any, kernels: Any) -> Any:
    """All that the published tracker computes of a frame: masks at every place."""
    response = network.respond(search, kernels)
    return network.masks(response.mask_features) if network.design.has_mask else response


def timed(call: Callable[[], Any]) -> tuple[int, int]:
    """Nanoseconds of the clock and of the processor of one call."""
    clock, processor = time.perf_counter_ns(), time.process_time_ns()
    call()
    return time.perf_counter_ns() - clock, time.process_time_ns() - processor


def measure(todo: Mapping[str, Callable[[], Any]], rounds: int) -> Mapping[str, np.ndarray]:
    """Times [rounds, 2] of each, in turns, after one round that does not count."""
    times: dict[str, list[tuple[int, int]]] = {name: [] for name in todo}
    with torch.inference_mode():
        for _ in range(rounds + 1):
            for name, call in todo.items():
                times[name].append(timed(call))
    return {name: np.asarray(each[1:], dtype=np.float64) for name, each in times.items()}


def told(ratios: np.ndarray) -> str:
    """The middle of ratios and their interval."""
    low, high = bootstrap_interval(ratios.tolist(), trimmed_mean)
    return f"{float(trimmed_mean(np.sort(ratios))):6.2f} [{low:.2f}, {high:.2f}]"


def main() -> None:
    """Print a line for each comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    times = measure(calls(options.seed), options.rounds)
    print("CPU ms of a frame, median")
    for name, each in times.items():
        print(f"  {name:32} {np.median(each[:, 1]) / 1e6:8.1f}")
    print("ResNet-50 over SkyNet: ratio of times [95 % interval]; parameters and MACs are exact")
    for method, large, small, published in COMPARED:
        counts = [counts_of(DESIGNS[name]) for name in (large, small)]
        for part in ("backbone", "tracker"):
            both = [times[f"{name} {part}"] for name in (large, small)]
            clock, processor = ((both[0] / both[1])[:, kind] for kind in (0, 1))
            line = f"  {method:9} {part:8} clock {told(clock)}  CPU {told(processor)}"
            if part == "tracker":
                parameters = counts[0].parameters / counts[1].parameters
                macs = counts[0].search_macs / counts[1].search_macs
                line += f"  parameters {parameters:.1f}  MACs {macs:.1f}  published {published}"
            print(line)
    backbone = counts_of(DESIGNS["siamrpn-skynet"]).backbone
    print(f"  ResNet-50 of classification has {23_508_032 / backbone:.2f} times the parameters")


if __name__ == "__main__":
    main()
