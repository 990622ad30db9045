"""`dlscope papers`: what dlscope is built from, and how its figures are checked."""

from __future__ import annotations

from pathlib import Path

import typer

from dlscope.cli.output import ALL, FORMAT, OUTPUT, Format, show

NAME = typer.Argument(None, help="Show the ideas and figures of this one.")


def papers(
    name: str = NAME, format: Format = FORMAT, output: Path = OUTPUT, all: bool = ALL
) -> None:
    """The papers behind dlscope, and how their figures are checked.

    \b
    dlscope papers
    dlscope papers edd --format json
    """
    from dlscope import api

    show(api.papers(name), format, output, all=all)
