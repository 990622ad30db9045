"""`dlscope adapt train`: one recipe on folders, in the formats of published data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import typer

from dlscope.cli.asking import one_of, width_by_height
from dlscope.cli.output import ALL, FORMAT, OUTPUT, Format, show
from dlscope.cli.steps import Steps

FORMATS: tuple[Literal["cityscapes", "gta5", "synthia", "folder"], ...] = (
    "cityscapes",
    "gta5",
    "synthia",
    "folder",
)
LABELS: tuple[Literal["label_id", "train_id", "synthia"], ...] = (
    "label_id",
    "train_id",
    "synthia",
)
_TRANSLATIONS: tuple[Literal["none", "stats", "fda"], ...] = ("none", "stats", "fda")
_ON_BAD: tuple[Literal["refuse", "skip"], ...] = ("refuse", "skip")
_UNKNOWN: tuple[Literal["refuse", "ignore"], ...] = ("refuse", "ignore")
_LAYOUTS = ", ".join(FORMATS)


def train(
    row: str = typer.Argument("adv_stuff_inst", help="Row of the ablation, such as sim_st."),
    source: Path = typer.Option("scenes/source", "--source", help="Folder with labels."),
    target: Path = typer.Option("scenes/target", "--target", help="Folder to adapt to."),
    source_layout: str = typer.Option(
        "cityscapes", "--source-layout", help=f"Where files are: {_LAYOUTS}."
    ),
    target_layout: str = typer.Option(
        "cityscapes", "--target-layout", help="Likewise, of the target."
    ),
    source_split: str = typer.Option(
        None, "--source-split", help="Part to train on; default: train where there are parts."
    ),
    target_split: str = typer.Option(None, "--target-split", help="Part to adapt to, likewise."),
    val: str = typer.Option(
        None, "--val", help="Labelled part of the target to judge by; default: none."
    ),
    labels: str = typer.Option(
        None, "--labels", help=f"Ids of the source: {', '.join(LABELS)}; default: its format's."
    ),
    source_images: Path = typer.Option(
        None, "--source-images", help="Folder of images translated already, by the same names."
    ),
    translate: str = typer.Option(
        "none", "--translate", help="Colors of the source: none, stats or fda."
    ),
    initial: Path = typer.Option(
        None, "--initial", help="Weights of a ResNet-101 for the preset paper."
    ),
    allow_partial: bool = typer.Option(
        False, "--allow-partial", help="Accept a file with less than 90 % of them."
    ),
    on_bad: str = typer.Option("refuse", "--on-bad", help="skip leaves out what cannot be read."),
    unknown_ids: str = typer.Option("refuse", "--unknown-ids", help="ignore maps them to ignored."),
    preset: str = typer.Option("ci", "--preset", help="smoke, ci, gpu or paper."),
    size: str = typer.Option(None, "--size", help="Width x height; default: the preset's."),
    steps: int = typer.Option(None, "--steps", min=1, help="Steps; default: the preset's."),
    seed: int = typer.Option(0, "--seed", help="What all randomness is drawn from."),
    folder: Path = typer.Option("adaptation", "--out", help="Folder of weights and logs."),
    threads: int = typer.Option(1, "--threads", min=1, help="Threads of the training."),
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Adapt a network to a folder of images without labels.

    Interrupted, it goes on with the same command. `log.jsonl` in the folder of each stage has
    what is told while it trains.

    \b
    dlscope adapt train sim_st --source scenes/source --target scenes/target --val val
    dlscope adapt train --source GTA5 --source-layout gta5 --target cityscapes --translate fda
    """
    from dlscope import api

    with Steps("adapt train") as progress:
        report = api.train_adaptation(
            source,
            target,
            folder,
            row=row,
            preset=preset,
            seed=seed,
            threads=threads,
            source_format=one_of(FORMATS, source_layout, "--source-layout"),
            target_format=one_of(FORMATS, target_layout, "--target-layout"),
            source_split=source_split,
            target_split=target_split,
            val=val,
            source_labels=None if labels is None else one_of(LABELS, labels, "--labels"),
            source_images=source_images,
            translate=one_of(_TRANSLATIONS, translate, "--translate"),
            initial=initial,
            allow_partial=allow_partial,
            on_bad=one_of(_ON_BAD, on_bad, "--on-bad"),
            unknown_ids=one_of(_UNKNOWN, unknown_ids, "--unknown-ids"),
            size=None if size is None else width_by_height(size),
            steps=steps,
            told=progress.told,
        )
    show(report, format, output, all=all)
