"""`dlscope report`: stored runs as text, Markdown, HTML or JSON."""

from __future__ import annotations

from pathlib import Path

import typer

from dlscope.cli.output import ALL, FORMAT, OUTPUT, STORE, Format, show


def report(
    runs: list[str] = typer.Argument(..., help="Run ids, or unique beginnings of them."),
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """The report of stored runs; nothing is measured.

    \b
    dlscope report r-5b1f r-09c2 --format html -o report.html
    """
    from dlscope import api

    show(api.report(runs, store=store), format, output, all=all)
