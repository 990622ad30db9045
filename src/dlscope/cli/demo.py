"""`dlscope demo`: the main job in under a minute, on real photographs and trained weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import typer

from dlscope.cli.output import FORMAT, STORE, Format, exit_code, show
from dlscope.core.report import Report

OUTPUT = typer.Option(Path("dlscope-report.html"), "--output", "-o", help="The page to write.")
FULL = typer.Option(False, "--full", help="The whole loop: five to ten minutes on two cores.")
INTO = typer.Option(
    Path("dlscope-demo"), "--into", help="With --full: folder of the table and the new network."
)


def demo(
    full: bool = FULL,
    into: Path = INTO,
    output: Path = OUTPUT,
    store: str = STORE,
    format: Format = FORMAT,
) -> None:
    """Measure a network on 20 photographs, with one HTML report.

    It shows what one wrong step before the network costs, too.

    With --full, it is also explained, predicted and bounded, and a network is designed for this
    processor with what was measured.

    \b
    dlscope demo
    dlscope demo --full
    """
    from dlscope import api
    from dlscope.cli.progress import Progress
    from dlscope.cli.steps import Steps

    if full:
        with Steps("demo") as steps:
            report = api.closed_loop(into, store=store, told=steps.told)
        _tell(report, format, output)
        return
    with Progress("demo") as progress:
        report = api.demo(store=store, watcher=progress)
    _tell(report, format, output)
    raise typer.Exit(exit_code(progress.runs, progress.refused))


def _tell(report: Report, format: Format, output: Path) -> None:
    """The report where it was asked for, and beside it as a page."""
    if format is Format.text:
        show(report, Format.html, output)
        page = (f"open {output}", "the same as a page to look at and to send")
        report = replace(report, next_commands=(page, *report.next_commands[1:]))
    show(report, format)
