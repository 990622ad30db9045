"""`dlscope skynet export`: weights as a model."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import typer

from dlscope.cli.asking import one_of, width_by_height
from dlscope.cli.skynet.options import SIZE

_FORMS: tuple[Literal["slices", "space_to_depth", "absorb", "fastest"], ...] = (
    "slices",
    "space_to_depth",
    "absorb",
    "fastest",
)


def export(
    weights: Path = typer.Argument(..., help="The authors' file of weights, or a training."),
    model: Path = typer.Option("skynet.onnx", "--onnx", help="File to write."),
    size: str = SIZE,
    reorder: str = typer.Option(
        "slices", "--reorder", help="slices, space_to_depth, absorb, or fastest, as timed here."
    ),
) -> None:
    """Write weights as ONNX with a manifest beside it.

    Normalisations are folded.

    \b
    dlscope skynet export dac.weights --onnx skynet.onnx --reorder absorb
    dlscope skynet export skynet/detector.pt --onnx skynet.onnx --reorder fastest
    """
    from dlscope import api

    form = one_of(_FORMS, reorder, "--reorder")
    done = api.export_skynet(weights, model, size=width_by_height(size), lowering=form)
    for name, ratio in done.ratios.items():
        typer.echo(f"{name}: {ratio:.2f} of the time of slices", err=True)
    told = f", reorder as {done.form}" if done.ratios else ""
    typer.echo(f"{model}: {done.numbers:,} numbers after folding{told}", err=True)
