"""`dlscope demo`: the main job in under a minute, on real photographs and trained weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import typer

from dlscope.cli.output import FORMAT, STORE, Format, exit_code, show

OUTPUT = typer.Option(Path("dlscope-report.html"), "--output", "-o", help="The page to write.")
CHANGE = "BGR for RGB"


def demo(output: Path = OUTPUT, store: str = STORE, format: Format = FORMAT) -> None:
    """Measure EfficientNet-Lite0 on 20 photographs, and show what one wrong step costs.

    \b
    dlscope demo
    """
    from dlscope import api
    from dlscope.cli.progress import Progress

    with Progress("demo") as progress:
        report = api.demo(store=store, watcher=progress)
    if format is Format.text:
        show(report, Format.html, output)
        page = (f"open {output}", "the same as a page to look at and to send")
        report = replace(report, next_commands=(page, *report.next_commands[1:]))
    show(report, format)
    raise typer.Exit(exit_code(progress.runs, progress.refused))
