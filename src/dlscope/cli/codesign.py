"""`dlscope codesign …`: networks and their implementations, searched for together."""

from __future__ import annotations

from pathlib import Path

import typer

from dlscope.cli.output import ALL, FORMAT, OUTPUT, Format, show

app = typer.Typer(
    help="A network and its implementation, designed together.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def codesign() -> None:
    """A network and its implementation, designed together."""


@app.command()
def validate(format: Format = FORMAT, output: Path = OUTPUT, all: bool = ALL) -> None:
    """Hold the hardware models against published accelerators.

    Ends with 3 when a check does not hold.

    \b
    dlscope codesign validate --format json
    """
    from dlscope import api

    report = api.validate_codesign()
    show(report, format, output, all=all)
    if False in report.table("validation").column("holds"):
        raise typer.Exit(3)
