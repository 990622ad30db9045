"""`dlscope codesign list`, `show`, `report`, `measure`: what was found, and as it runs here."""

from __future__ import annotations

from pathlib import Path

import typer

from dlscope.cli.output import ALL, FORMAT, OUTPUT, STORE, Format, show
from dlscope.cli.steps import BEGINS_AGAIN, Steps

_RUN = typer.Argument(..., help="A search by id, its folder, or its record.json.")
_REQUIREMENTS = typer.Option(
    None, "--requirements", help="Requirements by name, or a YAML file, to hold the design against."
)


def show_search(
    run: str = _RUN,
    requirements: str = _REQUIREMENTS,
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Print what a search found; nothing is searched.

    \b
    dlscope codesign show 1f2e3d
    """
    from dlscope import api

    found = api.search_report(run, requirements=requirements, store=store)
    show(found, format, output, all=all)


def list_searches(
    store: str = STORE, format: Format = FORMAT, output: Path = OUTPUT, all: bool = ALL
) -> None:
    """List the searches of a store, the newest first.

    \b
    dlscope codesign list
    """
    from dlscope import api

    show(api.list_searches(store=store), format, output, all=all)


def report(
    run: str = _RUN,
    requirements: str = _REQUIREMENTS,
    store: str = STORE,
    output: Path = typer.Option(
        None, "--output", "-o", help="Page to write, JSON beside it; default: RUN.html here."
    ),
) -> None:
    """Write what a search found as a page, and its tables as JSON.

    The page opens from disk.

    \b
    dlscope codesign report 1f2e3d --requirements perception_8_streams -o search.html
    """
    from dlscope import api

    found = api.search_report(run, requirements=requirements, store=store)
    page = output or Path(f"{found.runs[0] if found.runs else Path(run).stem}.html")
    show(found, Format.html, page)
    show(found, Format.json, page.with_suffix(".json"))


def measure(
    run: str = _RUN,
    threads: int = typer.Option(1, "--threads", min=1, help="Threads, as in the table."),
    processes: int = typer.Option(3, "--processes", min=1, help="Fresh processes to pool."),
    min_seconds: float = typer.Option(0.2, "--min-seconds", help="Time for each design."),
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Time the designs of a search here, beside what it predicted.

    The search must have been for local:cpu.

    \b
    dlscope codesign measure 1f2e3d
    """
    from dlscope import api

    with Steps("codesign measure", BEGINS_AGAIN) as steps:
        report = api.measure_search(
            run,
            threads=threads,
            processes=processes,
            min_seconds=min_seconds,
            store=store,
            told=steps.told,
        )
    show(report, format, output, all=all)
