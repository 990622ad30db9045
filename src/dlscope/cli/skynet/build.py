"""`dlscope skynet build`: an untrained network."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import typer

from dlscope.cli.asking import one_of, width_by_height
from dlscope.cli.output import ALL, FORMAT, OUTPUT, Format, show
from dlscope.cli.skynet.options import ACT, SIZE, VARIANT, VARIANTS

_ACTS: tuple[Literal["relu", "relu6"], ...] = ("relu", "relu6")


def build(
    network: Path = typer.Argument(..., help="File to write, .pt or .onnx."),
    variant: str = VARIANT,
    width: float = typer.Option(1.0, "--width", help="Multiplies the channels of every layer."),
    size: str = SIZE,
    act: str = ACT,
    seed: int = typer.Option(0, "--seed", help="What the weights are drawn from."),
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Write an untrained network, and count what it computes.

    \b
    dlscope skynet build skynet.onnx --variant C --width 0.5 --size 160x80
    """
    from dlscope import api

    report = api.build_skynet(
        network,
        one_of(VARIANTS, variant.upper(), "--variant"),
        width=width,
        size=width_by_height(size),
        act=one_of(_ACTS, act, "--act"),
        seed=seed,
    )
    typer.echo(f"written to {network}", err=True)
    show(report, format, output, all=all)
