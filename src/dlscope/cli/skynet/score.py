"""`dlscope skynet score`: boxes by the rules of a year of the contest."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import typer

from dlscope.cli.asking import one_of
from dlscope.cli.output import ALL, FORMAT, OUTPUT, Format, show

_RULES: tuple[Literal["2018", "2019", "2022", "2023", "2024"], ...] = (
    "2018",
    "2019",
    "2022",
    "2023",
    "2024",
)
_TRACKS: tuple[Literal["gpu", "fpga"], ...] = ("gpu", "fpga")


def score(
    results: Path = typer.Argument(None, help="CSV with image, xmin, ymin, xmax, ymax."),
    truth: Path = typer.Option(None, "--truth", help="Folder of the annotations, as XML."),
    rules: str = typer.Option("2019", "--rules", help=f"Year: {', '.join(_RULES)}."),
    track: str = typer.Option("gpu", "--track", help="gpu or fpga; in 2018 and 2019."),
    seconds: float = typer.Option(..., "--seconds", help="Time for the whole set."),
    energy_j: float = typer.Option(None, "--energy-j", help="Energy for the whole set, in J."),
    mean_energy_j: float = typer.Option(
        None, "--mean-energy-j", help="Mean energy of all teams, in J; default: this one's."
    ),
    images: int = typer.Option(None, "--images", help="Images of the set; in 2023 and 2024."),
    f1: float = typer.Option(None, "--f1", help="F1 of the detections; in 2023 and 2024."),
    mean_iou: float = typer.Option(None, "--mean-iou", help="Mean IoU of areas; in 2024."),
    min_fps: bool = typer.Option(False, "--min-fps", help="Let a slow team count less."),
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Score boxes by the rules of a year of the contest.

    \b
    dlscope skynet score results.csv --truth annotations --rules 2022 --seconds 25 --energy-j 40
    """
    from dlscope import api

    report = api.skynet_score(
        results,
        truth,
        seconds=seconds,
        rules=one_of(_RULES, rules, "--rules"),
        track=one_of(_TRACKS, track, "--track"),
        energy_j=energy_j,
        mean_energy_j=mean_energy_j,
        images=images,
        f1=f1,
        mean_iou=mean_iou,
        min_fps=min_fps,
    )
    show(report, format, output, all=all)
