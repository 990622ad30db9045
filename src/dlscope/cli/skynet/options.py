"""Options that several commands of `dlscope skynet` have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import typer

from dlscope.cli.asking import one_of

if TYPE_CHECKING:
    from dlscope.core.report import Report

VARIANTS: tuple[Literal["A", "B", "C"], ...] = ("A", "B", "C")

SIZE = typer.Option("320x160", "--size", help="Width x height of images.")
VARIANT = typer.Option("C", "--variant", help="A, B or C.")
ACT = typer.Option("relu6", "--act", help="Activation, relu or relu6.")
DATA = typer.Option("uav-synth", "--data", help="uav-synth, or a folder of images and boxes.")
RESIZE = typer.Option(
    None, "--resize", help="Filter of images, where the file does not tell: nearest, area, …."
)
DATA_SEED = typer.Option(0, "--data-seed", help="What the images are drawn from.")
STRICT = typer.Option(False, "--strict", help="Stop at the first image that cannot be read.")

FROM_CHECKPOINT = (
    "what was trained up to the last checkpoint is kept, run the same command again to go on"
)
"""What is said to whoever interrupts a training."""
_FAULTY = 1
FILTERS: tuple[Literal["nearest", "bilinear", "bicubic", "area"], ...] = (
    "nearest",
    "bilinear",
    "bicubic",
    "area",
)


def resize_of(word: str | None) -> Literal["nearest", "bilinear", "bicubic", "area"] | None:
    """The filter that was given, None for none; another is a wrong use of the command line."""
    return None if word is None else one_of(FILTERS, word, "--resize")


def end_by(report: Report) -> None:
    """End with 1, saying how many, where images could not be read."""
    count = len(report.table("unreadable").rows)
    if count:
        images = "1 image" if count == 1 else f"{count} images"
        typer.echo(f"{images} could not be read and took no part", err=True)
        raise typer.Exit(_FAULTY)
