"""`dlscope codesign targets`, `split`, `templates`: designs and devices, many to many."""

from __future__ import annotations

from pathlib import Path

import typer

from dlscope.cli.output import ALL, FORMAT, OUTPUT, STORE, Format, show

_FAILED = 3


def targets(
    runs: list[str] = typer.Argument(..., help="Searches of one space, by id or folder."),
    device: list[str] = typer.Option(None, "--device", help="A further device; repeat."),
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Hold designs against every device: does the winner change?

    \b
    dlscope codesign targets 1f2e3d 4a5b6c
    dlscope codesign targets 1f2e3d --device zc706:pipelined
    """
    from dlscope import api

    report = api.compare_targets(runs, devices=device or (), store=store)
    show(report, format, output, all=all)


def split(
    device: str = typer.Option(..., "--device", help="A board and its model: zcu102:pipelined."),
    task: list[str] = typer.Option(
        ..., "--task", help="A search or a design.json, @, results a second; repeat."
    ),
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Divide a device among several designs.

    The least slack of all becomes as large as it can be.

    Ends with 3 when a rate is not reached.

    \b
    dlscope codesign split --device zcu102:pipelined --task 1f2e3d@30 --task signs/design.json@100
    """
    from dlscope import api

    report = api.split_device(device, dict(map(_task, task)), store=store)
    show(report, format, output, all=all)
    if any(str(each).startswith("missed") for each in report.table("tasks").column("verdict")):
        raise typer.Exit(_FAILED)


def templates(
    space: str = typer.Option(..., "--space", help="A space by name, or its YAML file."),
    device: str = typer.Option(..., "--device", help="A board and its model: zcu102:pipelined."),
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """What each operation takes of a device, by bits and lanes.

    \b
    dlscope codesign templates --space tiny_grey_4 --device zcu102:recursive
    """
    from dlscope import api

    show(api.describe_templates(space, device, store=store), format, output, all=all)


def _task(text: str) -> tuple[str, float]:
    name, at, rate = text.rpartition("@")
    try:
        return (name, float(rate)) if at and name else _refused(text)
    except ValueError:
        return _refused(text)


def _refused(text: str) -> tuple[str, float]:
    raise typer.BadParameter(f"{text!r} is not DESIGN@RATE, such as 1f2e3d@30", param_hint="--task")
