"""`dlscope skynet data`: images and sequences to train on and to be judged by."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import typer

from dlscope.cli.asking import one_of, width_by_height
from dlscope.cli.output import ALL, FORMAT, OUTPUT, Format, show
from dlscope.cli.steps import BEGINS_AGAIN, Steps

_LAYOUTS: tuple[Literal["coco", "dac-sdc", "got10k"], ...] = ("coco", "dac-sdc", "got10k")
_SPLITS: tuple[Literal["train", "val", "test", "unseen"], ...] = ("train", "val", "test", "unseen")
_PRESETS: tuple[Literal["easy", "hard"], ...] = ("easy", "hard")
_FAULTY = 1


def data(
    folder: Path = typer.Argument(..., help="Folder to write into, or to check."),
    layout: str = typer.Option(
        "coco", "--layout", "-F", help=f"How files lie: {', '.join(_LAYOUTS)}."
    ),
    split: str = typer.Option("train", "--split", help=f"Part: {', '.join(_SPLITS)}."),
    count: int = typer.Option(1000, "--count", min=1, help="Images; with got10k, sequences."),
    size: str = typer.Option("640x360", "--size", help="Width x height of images."),
    seed: int = typer.Option(0, "--seed", min=0, help="What all randomness is drawn from."),
    preset: str = typer.Option("easy", "--preset", help="Sequences that are easy or hard."),
    frames: int = typer.Option(100, "--frames", min=2, help="Frames of a sequence."),
    check: bool = typer.Option(False, "--check", help="Draw nothing: read all that is there."),
    strict: bool = typer.Option(False, "--strict", help="Stop at the first fault of a check."),
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Draw objects as a drone sees them, or check a set.

    Ends with 1 where a set has a fault.

    \b
    dlscope skynet data uav/train --split train --count 5000 --layout dac-sdc
    dlscope skynet data uav/track --layout got10k --split val --count 20 --preset hard --frames 100
    dlscope skynet data uav/train --check --layout dac-sdc
    """
    from dlscope import api

    chosen = one_of(_LAYOUTS, layout, "--layout")
    with Steps("skynet data", BEGINS_AGAIN) as steps:
        if check:
            report = api.check_uav_data(folder, chosen, strict=strict, told=steps.told)
        else:
            report = api.write_uav_synth(
                folder,
                layout=chosen,
                split=one_of(_SPLITS, split, "--split"),
                count=count,
                size=width_by_height(size),
                seed=seed,
                preset=one_of(_PRESETS, preset, "--preset"),
                frames=frames,
                told=steps.told,
            )
    show(report, format, output, all=all)
    if check and report.table("faults").rows:
        raise typer.Exit(_FAULTY)
