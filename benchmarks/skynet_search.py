"""Whether a network found from the bottom up beats SkyNet C on this processor.

`folder` is a finished `dlscope skynet search --device cpu`. Its network and SkyNet C are

1. timed in ONNX Runtime in turns, batch 1, on one thread: ratio of each round, with its interval,
   to SkyNet C with its reorder written in each way that there is (`slices` is the usual one);
2. judged on images that no stage has seen, as the search has trained both from scratch alike, and
   trained so again with further seeds: difference of mean IoU, image by image, with its interval;
3. counted on SkyNet's accelerator: cycles of both.

    python benchmarks/skynet_search.py FOLDER [--seeds 1 2] [--rounds 60] [--output results.json]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlscope.api.detector_judge import DetectorJudge, judged_recipes
from dlscope.core.stats import bootstrap_interval, mean, sign_flip_test, trimmed_mean
from dlscope.devices.skynet_fpga import cycles
from dlscope.graph.builder import serialize
from dlscope.methods.codesign.bottom_up.judging import layer_shapes
from dlscope.methods.codesign.measuring.bound_model import BoundModel
from dlscope.methods.skynet.anchors import fit_anchors
from dlscope.methods.skynet.detection_scores import evaluate_detector
from dlscope.methods.skynet.detector_training.network_predictor import network_predictor
from dlscope.methods.skynet.prepared_images import PreparedImages, read_prepared
from dlscope.zoo.bundles.layout import StackedLayout
from dlscope.zoo.bundles.network import build, inherit
from dlscope.zoo.bundles.onnx_model import drawn, onnx_model
from dlscope.zoo.skynet.folding import fold_bn
from dlscope.zoo.skynet.network import build as build_skynet
from dlscope.zoo.skynet.network import state_of
from dlscope.zoo.skynet.onnx_model import LOWERINGS
from dlscope.zoo.skynet.onnx_model import onnx_model as skynet_model

Overlaps = NDArray[np.float64]


def finished(folder: Path) -> dict[str, Mapping[str, Any]]:
    """What the search trained from scratch: the network it found, and SkyNet C."""
    lines = (folder / "candidates.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines[1:]]
    candidates = {each["stage"]: each for each in rows if "stage" in each}
    return {"found": candidates["final"], "skynet": candidates["reference"]}


def images_of(folder: Path, split: str) -> PreparedImages:
    """The images of a split that the search made."""
    return read_prepared(next(folder.glob(f"images/{split}-*")))


def compare_latencies(
    found: StackedLayout, skynet: StackedLayout, rounds: int
) -> dict[str, dict[str, float]]:
    """The found network's time over that of SkyNet in each of its forms, round by round."""
    network = build_skynet("C", width_mult=skynet.widths[0] / 48, input=skynet.size).eval()
    folded = fold_bn(state_of(network))
    graphs = {"found": onnx_model(found, drawn(found))}
    for form in LOWERINGS:
        graphs[form] = skynet_model(folded, network.layout, lowering=form)
    with tempfile.TemporaryDirectory() as folder:
        models = {}
        for name, graph in graphs.items():
            path = Path(folder) / f"{name}.onnx"
            path.write_bytes(serialize(graph))
            models[name] = BoundModel(path, threads=1)
    times: dict[str, list[int]] = {name: [] for name in models}
    for number in range(rounds + 1):
        # Who goes first changes from round to round.
        for name in list(models)[:: 1 if number % 2 else -1]:
            times[name].append(least_ns(models[name]))
    ratios = {form: _ratios(times, form) for form in LOWERINGS}
    return {form: _with_interval(each, times[form]) for form, each in ratios.items()}


def least_ns(model: BoundModel) -> int:
    """The quickest of a few runs."""
    taken = []
    for _ in range(4):
        started = time.perf_counter_ns()
        model.run()
        taken.append(time.perf_counter_ns() - started)
    return min(taken)


def _ratios(times: Mapping[str, list[int]], form: str) -> Overlaps:
    """Round by round, the first, which warms up, left out."""
    return np.asarray(np.array(times["found"][1:]) / np.array(times[form][1:]))


def _with_interval(ratios: Overlaps, times_ns: list[int]) -> dict[str, float]:
    low, high = bootstrap_interval(ratios, trimmed_mean)
    ratio = float(trimmed_mean(np.sort(ratios)))
    return {"ratio": ratio, "low": low, "high": high, "skynet_ms": float(np.median(times_ns)) / 1e6}


def kept_overlaps(folder: Path, candidate: Mapping[str, Any]) -> Overlaps:
    """IoU of each image that no stage has seen, by the weights that the search has kept."""
    train, test = images_of(folder, "train"), images_of(folder, "test")
    network = build(StackedLayout.from_json(candidate["network"]), seed=0)
    with np.load(folder / "weights" / f"{candidate['key']}.npz", allow_pickle=False) as weights:
        inherit(network, weights)
    predict = network_predictor(network.eval(), fit_anchors(train.sides_m2, train.size))
    return evaluate_detector(predict, test).iou_m


def trained_overlaps(
    folder: Path, candidate: Mapping[str, Any], iterations: int, seed: int
) -> tuple[Overlaps, float]:
    """IoU of each such image after a training with another seed, and its CPU seconds."""
    judge = DetectorJudge(
        images_of(folder, "train"),
        images_of(folder, "test"),
        recipe=judged_recipes()["plain"],
        iterations=iterations,
        threads=1,
        seed=seed,
    )
    began = time.process_time()
    scores, _ = judge.scored(StackedLayout.from_json(candidate["network"]), 1)
    return scores.iou_m, time.process_time() - began


def main() -> None:
    """Print the comparisons, and keep them where `output` says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="*", default=[])
    parser.add_argument("--iterations", type=int, default=720, help="Of a further training.")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    candidates = finished(options.folder)
    networks = {k: StackedLayout.from_json(each["network"]) for k, each in candidates.items()}
    told: dict[str, Any] = {
        name: {
            "network": network.to_json(),
            "parameters": network.trainable,
            "macs": network.macs,
            "fpga_cycles": cycles(layer_shapes(network)),
        }
        for name, network in networks.items()
    }
    told["latency"] = compare_latencies(networks["found"], networks["skynet"], options.rounds)
    for form, each in told["latency"].items():
        print("{ratio:.3f} [{low:.3f}, {high:.3f}] of SkyNet C by".format(**each), form)
    overlaps = {k: [kept_overlaps(options.folder, each)] for k, each in candidates.items()}
    told["cpu_s"] = []
    for seed in options.seeds:
        took = {}
        for name, each in candidates.items():
            of_image, took[name] = trained_overlaps(options.folder, each, options.iterations, seed)
            overlaps[name].append(of_image)
        told["cpu_s"].append(took)
    told |= _differences(overlaps, ["of the search", *map(str, options.seeds)])
    if options.output:
        options.output.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _differences(overlaps: Mapping[str, list[Overlaps]], seeds: list[str]) -> dict[str, Any]:
    """Mean IoU by seed, and the difference image by image, over all seeds, with its interval."""
    rows = []
    for at, seed in enumerate(seeds):
        found, skynet = (float(overlaps[name][at].mean()) for name in ("found", "skynet"))
        rows.append({"seed": seed, "found": found, "skynet": skynet})
        print(f"seed {seed}: mean IoU {found:.3f}, SkyNet C {skynet:.3f}")
    of_image = np.mean(overlaps["found"], axis=0) - np.mean(overlaps["skynet"], axis=0)
    low, high = bootstrap_interval(of_image, mean)
    middle, p = float(of_image.mean()), sign_flip_test(of_image)
    print(f"difference {middle:+.3f}  [{low:+.3f}, {high:+.3f}]  p {p:.4f}")
    return {"mean_iou": rows, "difference": {"mean": middle, "low": low, "high": high, "p": p}}


if __name__ == "__main__":
    main()
