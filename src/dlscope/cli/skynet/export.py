"""`dlscope skynet export`: weights as a model."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import typer

from dlscope.cli.asking import one_of, width_by_height
from dlscope.cli.skynet.options import SIZE

_LOWERINGS: tuple[Literal["slices", "space_to_depth", "absorb"], ...] = (
    "slices",
    "space_to_depth",
    "absorb",
)


def export(
    weights: Path = typer.Argument(..., help="The authors' file of weights."),
    model: Path = typer.Option("skynet.onnx", "--onnx", help="File to write."),
    size: str = SIZE,
    reorder: str = typer.Option(
        "slices", "--reorder", help=f"How the reorder is written: {', '.join(_LOWERINGS)}."
    ),
) -> None:
    """Write the authors' weights as ONNX, normalisations folded, with a manifest beside it.

    \b
    dlscope skynet export dac.weights --onnx skynet.onnx --reorder absorb
    """
    from dlscope import api

    lowering = one_of(_LOWERINGS, reorder, "--reorder")
    count = api.export_skynet(weights, model, size=width_by_height(size), lowering=lowering)
    typer.echo(f"{model}: SkyNet C, {count:,} numbers after folding", err=True)
