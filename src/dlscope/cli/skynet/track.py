"""`dlscope skynet track`: one object followed through frames, a tracker trained or scored."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import typer

from dlscope.cli.asking import one_of
from dlscope.cli.output import ALL, FORMAT, OUTPUT, Format, show
from dlscope.cli.steps import Steps

_TRACKERS: tuple[Literal["skynet", "ncc", "mil", "static"], ...] = (
    "skynet",
    "ncc",
    "mil",
    "static",
)
_PRESETS: tuple[Literal["easy", "hard"], ...] = ("easy", "hard")
_SPLITS: tuple[Literal["train", "val", "test", "unseen"], ...] = ("train", "val", "test", "unseen")
_TITLE = "skynet track"


def track(
    tracker: str = typer.Option("skynet", "--tracker", help=f"One of {', '.join(_TRACKERS)}."),
    weights: Path = typer.Option(None, "--weights", help="A trained tracker, for skynet."),
    preset: str = typer.Option("hard", "--preset", help="Drawn sequences: easy or hard."),
    split: str = typer.Option("test", "--split", help=f"Part of them: {', '.join(_SPLITS)}."),
    sequences: int = typer.Option(
        None, "--sequences", min=1, help="How many are drawn; default: 8, to train 300."
    ),
    frames: int = typer.Option(50, "--frames", min=2, help="Frames of each."),
    seed: int = typer.Option(0, "--seed", min=0, help="What all randomness is drawn from."),
    folder: Path = typer.Option(None, "--data", help="Sequences in the layout of GOT-10k instead."),
    results: Path = typer.Option(None, "--results", help="Folder of boxes and times, as GOT-10k."),
    score: str = typer.Option("", "--score", help="Trackers to score in --results, with commas."),
    lenient: bool = typer.Option(False, "--lenient", help="NaN in results is an overlap of 0."),
    train: bool = typer.Option(False, "--train", help="Train a tracker into --out."),
    out: Path = typer.Option("tracker", "--out", help="Folder of a training."),
    iterations: int = typer.Option(1600, "--iterations", min=1, help="Steps of a training."),
    design: str = typer.Option(
        "siamrpn-skynet-small", "--design", help="What is trained, such as siamrpn-resnet50."
    ),
    backbone: str = typer.Option(
        "scratch", "--backbone-init", help="scratch, or a file of a trained SkyNet."
    ),
    threads: int = typer.Option(1, "--threads", min=1, help="Threads of a training."),
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Follow objects with a tracker, always beside those that need no training.

    \b
    dlscope skynet track --train --out tracker
    dlscope skynet track --weights tracker/tracker.pt --preset hard --format json
    dlscope skynet track --data GOT-10k/val --results results --score SiamRPN,SkyNet
    """
    from dlscope import api

    chosen = one_of(_PRESETS, preset, "--preset")
    with Steps(_TITLE) as steps:
        if train:
            report = api.train_skynet_tracker(
                out,
                design=design,
                backbone=backbone,
                preset=chosen,
                sequences=sequences or 300,
                frames=frames,
                iterations=iterations,
                seed=seed,
                threads=threads,
                told=steps.told,
            )
        elif score:
            report = api.skynet_track_results(
                _given(folder, "--data"),
                _given(results, "--results"),
                [name.strip() for name in score.split(",") if name.strip()],
                lenient=lenient,
            )
        else:
            report = api.skynet_track(
                one_of(_TRACKERS, tracker, "--tracker"),
                weights=weights,
                preset=chosen,
                split=one_of(_SPLITS, split, "--split"),
                sequences=sequences or 8,
                frames=frames,
                seed=seed,
                folder=folder,
                results=results,
                told=steps.told,
            )
    show(report, format, output, all=all)


def _given(path: Path | None, option: str) -> Path:
    if path is None:
        raise typer.BadParameter("scoring needs it", param_hint=option)
    return path
