"""SkyNet as a tracker: follow, score what others followed, train, export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dlscope.api.command_line import command_of
from dlscope.api.kept import keep
from dlscope.api.watcher import Told, never, tell_nobody
from dlscope.core.errors import PlanError, did_you_mean

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.data.procedural.uav import Split
    from dlscope.methods.skynet.tracking.answering import Answering
    from dlscope.methods.skynet.tracking.running import Track
    from dlscope.methods.skynet.tracking.sequences import Sequence as Followed
    from dlscope.methods.skynet.tracking.tracker import Tracker

TrackerName = Literal["skynet", "ncc", "mil", "static"]
TRACKERS: tuple[TrackerName, ...] = ("skynet", "ncc", "mil", "static")
PresetName = Literal["easy", "hard"]
_WEIGHTS = "tracker.pt"


def skynet_track(
    tracker: TrackerName = "skynet",
    *,
    weights: Path | None = None,
    preset: PresetName = "hard",
    split: Split = "test",
    sequences: int = 8,
    frames: int = 50,
    seed: int = 0,
    folder: Path | None = None,
    results: Path | None = None,
    store: str | None = None,
    told: Told = tell_nobody,
) -> Report:
    """Follow one object in each sequence, with `tracker` and with those that need no training.

    Sequences are drawn, or those of a `folder` in the layout of GOT-10k. Into `results` boxes and
    times are written as its toolkit does. `skynet` needs the `weights` of a trained tracker, its
    file or the folder that it was exported to, which ONNX Runtime runs.
    Raises `PlanError` without them, `DataError` for files and sequences that are malformed.
    """
    from dlscope.methods.skynet.tracking.got10k import write_results
    from dlscope.methods.skynet.tracking.running import follow

    trackers = _trackers(tracker, weights)
    followed, data = _sequences(folder, preset, split, sequences, frames, seed)
    tracks: dict[str, list[Track]] = {name: [] for name in trackers}
    for number, sequence in enumerate(followed):
        for name, made in trackers.items():
            told(
                f"following {sequence.name}, {number + 1} of {len(followed)}",
                number / len(followed),
            )
            track = follow(made, sequence)
            tracks[name].append(track)
            if results is not None:
                write_results(results, name, sequence.name, track.runs, track.seconds_rt)
    drawn = {
        "preset": preset,
        "split": split,
        "sequences": sequences,
        "frames": frames,
        "seed": seed,
    }
    chosen = {"data": folder} if folder is not None else drawn
    command = command_of("skynet track", {"tracker": tracker, "weights": weights, **chosen})
    return keep(_report(followed, tracks, data, command), "skynet", "track", store=store)


def skynet_track_results(
    folder: Path,
    results: Path,
    trackers: Sequence[str],
    *,
    lenient: bool = False,
    store: str | None = None,
) -> Report:
    """Score what `trackers` left in `results` on the sequences of a GOT-10k `folder`.

    A box with NaN is an error, or with `lenient` an overlap of 0. Raises `DataError` naming
    sequence and line for what is malformed, `PlanError` where no tracker is named.
    """
    import numpy as np

    from dlscope.methods.skynet.tracking.got10k import read_results
    from dlscope.methods.skynet.tracking.running import Track, overlap_of

    if not trackers:
        raise PlanError(
            "no tracker is named",
            where="skynet track",
            fix="give --tracker NAME, a folder of the results",
        )
    followed, data = _sequences(folder, "hard", "test", 0, 0, 0)
    tracks: dict[str, list[Track]] = {name: [] for name in trackers}
    for sequence in followed:
        for name in trackers:
            runs, seconds_rt = read_results(
                results, name, sequence.name, len(sequence.frames), lenient=lenient
            )
            overlap = overlap_of(sequence, runs)
            tracks[name].append(
                Track(name, sequence.name, runs, seconds_rt, np.empty((0, 0)), overlap)
            )
    return keep(_report(followed, tracks, data, ""), "skynet", "track", store=store)


def train_skynet_tracker(
    output: Path,
    *,
    design: str = "siamrpn-skynet-small",
    backbone: str = "scratch",
    preset: PresetName = "hard",
    sequences: int = 300,
    frames: int = 50,
    per_sequence: int = 8,
    iterations: int = 1600,
    batch: int = 16,
    rate: float = 3e-3,
    seed: int = 0,
    threads: int = 1,
    store: str | None = None,
    told: Told = tell_nobody,
    should_stop: Callable[[], bool] = never,
) -> Report:
    """Train a tracker on drawn sequences and write it to `output`/tracker.pt.

    A `design` with masks learns from those of the sequences, too.
    `backbone` is `scratch`, or a file of a trained detector or tracker whose trunk to start from.
    Interrupted, it goes on from its checkpoint to the same weights. Where `should_stop` says so,
    the training ends after the step at hand, keeps that and raises `KeyboardInterrupt`; while
    sequences are drawn it ends at once. Raises `GraphError` for an unknown design, `DataError` for
    a file that does not fit, `TrainingError` for a loss that is no number.
    """
    from dlscope.methods.skynet.tracking.campaign import Campaign, train

    campaign = Campaign(
        design, backbone, preset, sequences, frames, per_sequence, iterations, batch, rate, seed
    )
    report = train(campaign, output, output / _WEIGHTS, threads, told=told, should_stop=should_stop)
    options = {"train": True, "out": output, "design": design, "backbone_init": backbone}
    drawn = {"preset": preset, "sequences": sequences, "frames": frames, "seed": seed}
    command = command_of("skynet track", {**options, **drawn, "iterations": iterations})
    return keep(replace(report, command=command), "skynet", "track", store=store)


def export_skynet_tracker(weights: Path, folder: Path) -> tuple[tuple[str, ...], float]:
    """Write a trained tracker as ONNX files with a manifest beside each: names, and difference.

    `template.onnx` is run once, `search.onnx` in every frame; `mask.onnx` makes the mask of one
    place. The difference is the largest between ONNX Runtime and torch on random crops. Raises
    `DataError` for another file of weights, `TrainingError` where it is more than 1e-4.
    """
    from dlscope.methods.skynet.tracking.exporting import export_tracker
    from dlscope.methods.skynet.tracking.onnx_parts import parts_of
    from dlscope.methods.skynet.tracking.weights import load_tracker

    network = load_tracker(weights)
    difference = export_tracker(network, folder)
    return tuple(f"{part}.onnx" for part in parts_of(network.design)), difference


def _trackers(tracker: str, weights: Path | None) -> dict[str, Callable[[], Tracker]]:
    """How to make each tracker; the one asked for comes first."""
    from dlscope.methods.skynet.tracking.baselines import (
        MilTracker,
        StaticTracker,
        TemplateMatching,
    )

    made: dict[str, Callable[[], Tracker]] = {
        "ncc": TemplateMatching,
        "mil": MilTracker,
        "static": StaticTracker,
    }
    if tracker == "skynet":
        made = {"skynet": _skynet(weights)} | made
    if tracker not in made:
        raise PlanError(
            f"there is no tracker {tracker!r}",
            where="skynet track",
            fix=did_you_mean(tracker, TRACKERS),
        )
    return {tracker: made[tracker]} | made


def _skynet(weights: Path | None) -> Callable[[], Tracker]:
    if weights is None:
        raise PlanError(
            "the tracker skynet needs weights",
            where="skynet track",
            fix="train it with `dlscope skynet track --train --out DIR`, then give "
            "--weights DIR/tracker.pt, or ask for --tracker ncc",
        )
    from dlscope.methods.skynet.tracking.siamese import SiameseTracker

    network = _answering(weights)
    return lambda: SiameseTracker(network)


def _answering(weights: Path) -> Answering:
    """The network of a file, or of a folder of exported files."""
    if weights.is_dir():
        from dlscope.methods.skynet.tracking.onnx_answering import OnnxAnswering

        return OnnxAnswering(weights)
    from dlscope.methods.skynet.tracking.torch_answering import TorchAnswering
    from dlscope.methods.skynet.tracking.weights import load_tracker

    return TorchAnswering(load_tracker(weights))


def _sequences(
    folder: Path | None, preset: PresetName, split: Split, count: int, frames: int, seed: int
) -> tuple[Sequence[Followed], str]:
    """What is followed, and how it is called."""
    from dlscope.methods.skynet.tracking.sequences import require_unique

    found: Sequence[Any]
    if folder is not None:
        from dlscope.methods.skynet.tracking.got10k import read_sequences

        found = read_sequences(folder)
        data = f"{len(found)} sequences of {folder.name}"
    else:
        from dlscope.data.procedural.uav import uav_sequences

        found = uav_sequences(preset, split, count, frames, seed=seed)
        data = f"{count} drawn sequences of {frames} frames ({preset}, {split}, seed {seed})"
    require_unique(found)
    return found, data


def _report(
    followed: Sequence[Followed], tracks: dict[str, list[Track]], data: str, command: str
) -> Report:
    from dlscope.methods.skynet.tracking.report import tracking_report
    from dlscope.methods.skynet.tracking.strip import strip

    return tracking_report(tracks, data, pictures=(strip(followed, tracks),), command=command)
