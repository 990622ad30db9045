"""`dlscope codesign profile`: the operations of a space, timed on the machine at hand."""

from __future__ import annotations

from pathlib import Path

import typer

from dlscope.cli.output import ALL, FORMAT, OUTPUT, STORE, Format, show
from dlscope.cli.steps import Steps


def profile(
    space: str = typer.Option(..., "--space", help="A space by name, or its YAML file."),
    device: str = typer.Option("local:cpu", "--device", help="The processor at hand: local:cpu."),
    threads: int = typer.Option(1, "--threads", min=1, help="Threads of one operation."),
    processes: int = typer.Option(3, "--processes", min=1, help="Fresh processes to pool."),
    networks: int = typer.Option(
        24, "--networks", min=20, help="Whole networks to calibrate with, of each precision."
    ),
    min_seconds: float = typer.Option(0.2, "--min-seconds", help="Time for each operation."),
    max_seconds: float = typer.Option(120.0, "--max-seconds", help="Longest a process goes on."),
    refresh: bool = typer.Option(False, "--refresh", help="Time again what has a time."),
    save: Path = typer.Option(None, "--save", help="Write the table to this file as well."),
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Time every operation of a space on this processor.

    What has a time here already is not timed again; each runs as networks run it.

    Ends with 3 when whole networks are told too badly by their operations.

    \b
    dlscope codesign profile --space mnist_cpu --device local:cpu --threads 1
    """
    from dlscope import api

    if device != "local:cpu":
        raise typer.BadParameter("only local:cpu is measured", param_hint="--device")
    with Steps("codesign profile") as steps:
        report = api.profile_space(
            space,
            threads=threads,
            processes=processes,
            networks=networks,
            min_seconds=min_seconds,
            max_seconds=max_seconds,
            refresh=refresh,
            save=save,
            store=store,
            told=steps.told,
        )
    show(report, format, output, all=all)
    if any(
        str(each).startswith("refused") for each in report.table("calibration").column("verdict")
    ):
        raise typer.Exit(3)
