"""What small trackers reach on drawn sequences that they have never seen, and what they cost.

Each design is trained on the same pairs for the same steps, on one thread, then follows the same
sequences (`uav-synth`, preset hard, split test). A training that was killed goes on when the
script is called again with the same folder. Tables of the reports, times and the machine are kept.

    python benchmarks/skynet_trackers.py masks --backbone detector/detector.pt --work work \
        --designs siammask-skynet-small --onnx
    python benchmarks/skynet_trackers.py trunks --work work --steps 400 --designs \
        siamrpn-skynet-small siamrpn-alexnet-small siamrpn-mobilenet_v2-small siamrpn-resnet50-small

writes `benchmarks/results/skynet-trackers-NAME.json`. With `--onnx` each tracker is exported and
follows from its files as well, by the side of torch.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from dlscope.core.table import Table
from dlscope.data.procedural.uav import uav_sequences
from dlscope.methods.skynet.tracking.answering import Answering
from dlscope.methods.skynet.tracking.baselines import StaticTracker, TemplateMatching
from dlscope.methods.skynet.tracking.campaign import Campaign, train
from dlscope.methods.skynet.tracking.exporting import export_tracker
from dlscope.methods.skynet.tracking.mask_table import mask_table
from dlscope.methods.skynet.tracking.onnx_answering import OnnxAnswering
from dlscope.methods.skynet.tracking.report import tracking_table
from dlscope.methods.skynet.tracking.running import Track, follow
from dlscope.methods.skynet.tracking.siamese import SiameseTracker
from dlscope.methods.skynet.tracking.torch_answering import TorchAnswering
from dlscope.methods.skynet.tracking.tracker import Tracker
from dlscope.methods.skynet.tracking.weights import load_tracker
from dlscope.metrics.tracking_overlap import tracking_scores
from dlscope.stacks.fingerprint import environment
from dlscope.zoo.siamese.counting import counts_of
from dlscope.zoo.siamese.design import named_design

RESULTS = Path(__file__).parent / "results"
BASELINES: Mapping[str, Callable[[], Tracker]] = {
    "ncc": TemplateMatching,
    "static": StaticTracker,
}


def trained(design: str, options: argparse.Namespace) -> dict[str, Any]:
    """A tracker in the folder of its own, its losses, and the CPU time that they took here."""
    folder = options.work / f"{options.name}-{design}"
    campaign = Campaign(
        design,
        str(options.backbone),
        sequences=options.sequences,
        iterations=options.steps,
        batch=options.batch,
        seed=options.seed,
    )
    began, kept = time.process_time(), folder / "training.json"
    if not kept.is_file():
        report = train(
            campaign,
            folder,
            folder / "tracker.pt",
            told=lambda step, share: print(f"  {design}: {step} {share:.0%}", flush=True),
        )
        table = report.table("tracker_training")
        told = {"cpu_s": round(time.process_time() - began, 1), "losses": rows_of(table)}
        kept.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    counts = counts_of(named_design(design))
    return json.loads(kept.read_text(encoding="utf-8")) | {
        "parameters": counts.parameters,
        "trunk_parameters": counts.trunk,
        "search_macs": counts.search_macs,
        "weights": folder / "tracker.pt",
    }


def followed(
    trackers: Mapping[str, Callable[[], Tracker]], sequences: int, frames: int, seed: int
) -> Mapping[str, list[Track]]:
    """Every tracker through every sequence, sequence by sequence, so that all share its load."""
    tracks: dict[str, list[Track]] = {name: [] for name in trackers}
    for each in uav_sequences("hard", "test", sequences, frames, seed=seed):
        for name, make in trackers.items():
            tracks[name].append(follow(make, each))
    return tracks


def rows_of(table: Table | None) -> list[dict[str, Any]]:
    """The rows of a table as plain data."""
    return [] if table is None else [dict(row) for row in table]


def making(network: Answering) -> Callable[[], Tracker]:
    """How to make the tracker of a network."""
    return lambda: SiameseTracker(network)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is not trained yet, follow, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="of the file of results")
    parser.add_argument("--designs", nargs="+", required=True)
    parser.add_argument("--backbone", default="scratch", help="scratch, or a trained detector")
    parser.add_argument("--steps", type=int, default=1600)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--sequences", type=int, default=300, help="to train on")
    parser.add_argument("--follow", type=int, default=8, help="sequences to follow")
    parser.add_argument("--frames", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--onnx", action="store_true", help="follow from ONNX files, too")
    parser.add_argument("--work", type=Path, default=Path("skynet-trackers"))
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    training = {design: trained(design, options) for design in options.designs}
    makers = {}
    for design, each in training.items():
        weights = each.pop("weights")
        makers[design] = making(TorchAnswering(load_tracker(weights)))
        if options.onnx:
            each["onnx_difference"] = export_tracker(load_tracker(weights), weights.parent / "onnx")
            makers[f"{design}, ONNX"] = making(OnnxAnswering(weights.parent / "onnx"))
    tracks = followed(makers | BASELINES, options.follow, options.frames, options.seed)
    scores = {name: tracking_scores([each.overlap for each in of]) for name, of in tracks.items()}
    told = {
        "asked": {
            "backbone": "scratch" if options.backbone == "scratch" else "detector",
            **{
                name: getattr(options, name)
                for name in ("steps", "batch", "sequences", "follow", "frames", "seed")
            },
        },
        "machine": {"fingerprint": environment().fingerprint, "system": environment().system},
        "training": training,
        "tracking": rows_of(tracking_table(tracks, scores)),
        "masks": rows_of(mask_table(tracks)),
    }
    for row in (*told["tracking"], *told["masks"]):
        print({name: round(v, 3) if isinstance(v, float) else v for name, v in row.items()})
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"skynet-trackers-{options.name}.json"
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
