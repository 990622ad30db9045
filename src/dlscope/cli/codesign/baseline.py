"""`dlscope codesign baseline`: what other ways of searching find with as many evaluations."""

from __future__ import annotations

from pathlib import Path

import typer

from dlscope.cli.output import ALL, FORMAT, OUTPUT, Format, show
from dlscope.cli.steps import BEGINS_AGAIN, Steps


def baseline(
    names: list[str] = typer.Argument(
        None,
        metavar="[NAME]...",
        help="search, evolution, random, two_step, impl_only, edd, darts, proxyless, exhaustive …; "
        "default: all of those.",
    ),
    space: str = typer.Option(
        "oracle", "--space", help="Oracle space: oracle, varied or pairs, and a seed: oracle:3."
    ),
    evaluations: int = typer.Option(
        600, "--evaluations", min=2, help="Designs that each run may look at; a step is one."
    ),
    seeds: int = typer.Option(5, "--seeds", min=1, help="Runs of each, with seeds from 0 on."),
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Search, where the best design is known, in several ways.

    All of them have equal cost.

    Oracle spaces have no data set and train nothing: the loss of each design is given, and all of
    them can be looked at.

    \b
    dlscope codesign baseline
    dlscope codesign baseline evolution search --space pairs:7 --evaluations 200 --seeds 10
    """
    from dlscope import api

    with Steps("codesign baseline", BEGINS_AGAIN) as steps:
        report = api.baselines(
            names or (), space=space, evaluations=evaluations, seeds=seeds, told=steps.told
        )
    show(report, format, output, all=all)
