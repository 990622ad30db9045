"""`dlscope skynet track`: one object followed through frames, a tracker trained or scored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from dlscope.cli.asking import one_of
from dlscope.cli.output import ALL, FORMAT, OUTPUT, STORE, Format, show
from dlscope.cli.skynet import track_options as options
from dlscope.cli.skynet.options import FROM_CHECKPOINT
from dlscope.cli.steps import BEGINS_AGAIN, Steps
from dlscope.cli.stopping import Stopping

if TYPE_CHECKING:
    from dlscope.core.report import Report

_TITLE = "skynet track"


def track(
    tracker: str = options.TRACKER,
    weights: Path = options.WEIGHTS,
    export: Path = options.EXPORT,
    preset: str = options.PRESET,
    split: str = options.SPLIT,
    sequences: int = options.SEQUENCES,
    frames: int = options.FRAMES,
    seed: int = options.SEED,
    folder: Path = options.DATA,
    results: Path = options.RESULTS,
    score: str = options.SCORE,
    lenient: bool = options.LENIENT,
    train: bool = options.TRAIN,
    out: Path = options.OUT,
    iterations: int = options.ITERATIONS,
    design: str = options.DESIGN,
    backbone: str = options.BACKBONE,
    threads: int = options.THREADS,
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Follow objects with a tracker.

    Those that need no training are always beside it. A training that was interrupted goes on with
    the same command, after the last step.

    \b
    dlscope skynet track --train --out tracker
    dlscope skynet track --weights tracker/tracker.pt --preset hard --format json
    dlscope skynet track --weights tracker/tracker.pt --export tracker-onnx
    dlscope skynet track --data GOT-10k/val --results results --score SiamRPN,SkyNet
    """
    from dlscope import api

    if export is not None:
        _export(weights, export)
        return
    drawn: dict[str, Any] = {"preset": one_of(options.PRESETS, preset, "--preset")}
    drawn |= {"frames": frames, "seed": seed, "store": store}
    if train:
        learnt = {"design": design, "backbone": backbone, "iterations": iterations}
        drawn |= {**learnt, "sequences": sequences or 300, "threads": threads}
        show(_trained(out, drawn), format, output, all=all)
        return
    with Steps(_TITLE, BEGINS_AGAIN) as steps:
        if score:
            data, found = _given(folder, "--data"), _given(results, "--results")
            names = [name.strip() for name in score.split(",") if name.strip()]
            report = api.skynet_track_results(data, found, names, lenient=lenient, store=store)
        else:
            name = one_of(options.TRACKERS, tracker, "--tracker")
            drawn |= {"split": one_of(options.SPLITS, split, "--split"), "folder": folder}
            drawn |= {"sequences": sequences or 8, "weights": weights, "results": results}
            report = api.skynet_track(name, **drawn, told=steps.told)
    show(report, format, output, all=all)


def _trained(out: Path, asked: dict[str, Any]) -> Report:
    from dlscope import api

    with Stopping() as stopping, Steps(_TITLE, FROM_CHECKPOINT) as steps:
        return api.train_skynet_tracker(
            out, **asked, told=steps.told, should_stop=stopping.should_stop
        )


def _export(weights: Path | None, folder: Path) -> None:
    from dlscope import api

    files, difference = api.export_skynet_tracker(_given(weights, "--weights", "exporting"), folder)
    told = f"{folder}: {', '.join(files)}; at most {difference:.1g} from torch"
    typer.echo(told, err=True)


def _given(path: Path | None, option: str, purpose: str = "scoring") -> Path:
    if path is None:
        raise typer.BadParameter(f"{purpose} needs it", param_hint=option)
    return path
