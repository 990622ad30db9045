"""`dlscope skynet count`: what a SkyNet is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import typer

from dlscope.cli.asking import one_of, width_by_height
from dlscope.cli.output import ALL, FORMAT, OUTPUT, Format, show
from dlscope.cli.skynet.options import SIZE

_VARIANTS: tuple[Literal["A", "B", "C"], ...] = ("A", "B", "C")


def count(
    variant: str = typer.Option("C", "--variant", help="A, B or C."),
    width: float = typer.Option(1.0, "--width", help="Multiplies the channels of every layer."),
    size: str = SIZE,
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
