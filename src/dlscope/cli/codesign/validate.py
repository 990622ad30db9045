"""`dlscope codesign validate`: the hardware models held against published accelerators."""

from __future__ import annotations

from pathlib import Path

import typer

from dlscope.cli.output import ALL, FORMAT, OUTPUT, Format, show


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
