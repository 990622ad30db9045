"""Results on standard output in the format asked for; everything else on standard error."""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import final

import typer

from dlscope.core.errors import (
    DlscopeError,
    MeasurementError,
    OutOfMemory,
    StoreError,
    TrainingError,
)
from dlscope.core.report import Report
from dlscope.core.run import Run
from dlscope.core.whole_file import require_writable, write_whole


class Format(StrEnum):
    """How a result is printed."""

    text = "text"
    json = "json"
    csv = "csv"
    markdown = "markdown"
    html = "html"


def _writable(output: Path) -> Path | None:
    # Told before hours of measuring, not after them.
    return None if output is None else require_writable(Path(output))


FORMAT = typer.Option(Format.text, "--format", "-f", help="How to print the result.")
OUTPUT = typer.Option(
    None, "--output", "-o", callback=_writable, help="Write to this file instead."
)
STORE = typer.Option(None, "--store", help="Folder of the store; default $DLSCOPE_STORE.")
ALL = typer.Option(False, "--all", help="Print every table, whole.")


@final
@dataclass(frozen=True)
class Shown:
    """How a result is printed and where to, as options of a command."""

    format: Format = FORMAT
    output: Path = OUTPUT
    all: bool = ALL

    def show(self, report: Report) -> None:
        """Print `report`, or write it to the file."""
        show(report, self.format, self.output, all=self.all)


def show(report: Report, format: Format, output: Path | None = None, *, all: bool = False) -> None:
    """Print `report`, or write it to `output`."""
    report = replace(report, next_commands=_as_called(report.next_commands))
    text = _rendered(report, format, all=all, to_file=output is not None)
    if output is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        write_whole(output, text)
        typer.echo(f"written to {output}", err=True)


def exit_code(runs: tuple[Run, ...], refused: int) -> int:
    """0 when every point was measured, 3 when a Run failed or a point was refused."""
    return 3 if refused or any(run.status == "failed" for run in runs) else 0


def tell_error(error: DlscopeError, code: int) -> None:
    """The three fields of every problem on standard error."""
    problems = error.problems
    for problem in problems:
        kind = typer.style(f"{type(problem).__name__}:", fg="red", bold=True)
        typer.echo(f"{kind} {problem.what}", err=True)
        typer.echo(f"  {typer.style('where', dim=True)}  {problem.where}", err=True)
        typer.echo(f"  {typer.style('fix', dim=True)}    {problem.fix}\n", err=True)
    count = f"{len(problems)} problems" if len(problems) > 1 else "1 problem"
    # A store that fails, or a number that cannot be had, may come after hours of measuring.
    late = any(
        isinstance(problem, StoreError | MeasurementError | TrainingError | OutOfMemory)
        for problem in problems
    )
    outcome = "" if late else ", nothing was run"
    typer.echo(f"{count}{outcome}. Exit code {code}.", err=True)


def _as_called(commands: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The commands as they can be typed here: by path where `dlscope` is not on the PATH."""
    if shutil.which("dlscope") or not sys.argv[0].endswith("dlscope"):
        return commands
    return tuple(
        (re.sub(r"^dlscope\b", sys.argv[0], command), meaning) for command, meaning in commands
    )


def _rendered(report: Report, format: Format, *, all: bool, to_file: bool) -> str:
    from dlscope.core import registry

    renderer = registry.load("renderers", format.value)()
    if format is not Format.text:
        text: str = renderer.report(report)
        return text
    rendered: str = renderer.report(
        report,
        width=shutil.get_terminal_size((100, 24)).columns,
        color=_wants_color() and not to_file,
        encoding=_encoding(),
        all=all,
    )
    return rendered


def _wants_color() -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def _encoding() -> str:
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    return "utf-8" if encoding == "utf8" else "ascii"
