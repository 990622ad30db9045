"""`dlscope skynet …`: the tiny detector of the DAC System Design Contest."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import typer

from dlscope.cli.asking import one_of, width_by_height
from dlscope.cli.output import ALL, FORMAT, OUTPUT, Format, show

app = typer.Typer(
    help="SkyNet: a tiny detector, from its counts and weights to its score in the contest.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_VARIANTS: tuple[Literal["A", "B", "C"], ...] = ("A", "B", "C")
_RULES: tuple[Literal["2018", "2019", "2022", "2023", "2024"], ...] = (
    "2018",
    "2019",
    "2022",
    "2023",
    "2024",
)
_TRACKS: tuple[Literal["gpu", "fpga"], ...] = ("gpu", "fpga")
_LOWERINGS: tuple[Literal["slices", "space_to_depth", "absorb"], ...] = (
    "slices",
    "space_to_depth",
    "absorb",
)
_SIZE = typer.Option("320x160", "--size", help="Width x height of images.")


@app.command()
def count(
    variant: str = typer.Option("C", "--variant", help="A, B or C."),
    width: float = typer.Option(1.0, "--width", help="Multiplies the channels of every layer."),
    size: str = _SIZE,
    trunk: bool = typer.Option(False, "--trunk", help="Only what trackers take features from."),
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Count layers, parameters and multiply-accumulates, exactly.

    \b
    dlscope skynet count --variant C --width 0.5
    """
    from dlscope import api

    chosen = one_of(_VARIANTS, variant.upper(), "--variant")
    report = api.skynet_counts(chosen, width=width, size=width_by_height(size), trunk=trunk)
    show(report, format, output, all=all)


@app.command()
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


@app.command()
def export(
    weights: Path = typer.Argument(..., help="The authors' file of weights."),
    model: Path = typer.Option("skynet.onnx", "--onnx", help="File to write."),
    size: str = _SIZE,
    reorder: str = typer.Option(
        "slices", "--reorder", help=f"How the reorder is written: {', '.join(_LOWERINGS)}."
    ),
) -> None:
    """Write the authors' weights as ONNX, normalisations folded; torch is not needed.

    \b
    dlscope skynet export dac.weights --onnx skynet.onnx --reorder absorb
    """
    from dlscope import api

    lowering = one_of(_LOWERINGS, reorder, "--reorder")
    count = api.export_skynet(weights, model, size=width_by_height(size), lowering=lowering)
    typer.echo(f"{model}: SkyNet C, {count:,} numbers after folding", err=True)
