"""`dlscope skynet eval`: how well detectors find their object."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import typer

from dlscope.cli.asking import one_of, width_by_height
from dlscope.cli.output import ALL, FORMAT, OUTPUT, STORE, Format, show
from dlscope.cli.skynet.options import DATA, DATA_SEED, SIZE, STRICT, end_by
from dlscope.cli.steps import BEGINS_AGAIN, Steps

_SPLITS: tuple[Literal["train", "val", "test", "unseen"], ...] = ("train", "val", "test", "unseen")


def evaluate(
    weights: list[Path] = typer.Argument(
        ..., help="Folders of trainings, files of weights, or the authors' file."
    ),
    data: str = DATA,
    split: str = typer.Option("val", "--split", help=f"Part of it: {', '.join(_SPLITS)}."),
    images: int = typer.Option(400, "--images", min=1, help="How many images."),
    data_seed: int = DATA_SEED,
    size: str = SIZE,
    strict: bool = STRICT,
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Evaluate detectors beside one another.

    Overlap, by size of the object, and what is missed.

    \b
    dlscope skynet eval skynet --split unseen --output report.html --format html
    """
    from dlscope import api

    with Steps("skynet eval", BEGINS_AGAIN) as steps:
        report = api.evaluate_skynet(
            weights,
            data=data,
            split=one_of(_SPLITS, split, "--split"),
            images=images,
            data_seed=data_seed,
            size=width_by_height(size),
            strict=strict,
            store=store,
            told=steps.told,
        )
    show(report, format, output, all=all)
    end_by(report)
