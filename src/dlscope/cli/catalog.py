"""`dlscope models`, `datasets` and `systems`: what there is to measure, and on what."""

from __future__ import annotations

from pathlib import Path

import typer

from dlscope.cli.output import ALL, FORMAT, OUTPUT, Format, show

NAME = typer.Argument(None, help="Show the manifest of this one.")


def models(
    name: str = NAME, format: Format = FORMAT, output: Path = OUTPUT, all: bool = ALL
) -> None:
    """The models of the catalog, or the manifest of one.

    \b
    dlscope models
    dlscope models efficientnet-lite0 > mine.yaml
    """
    _list_or_show("models", name, format, output, all)


def datasets(
    name: str = NAME, format: Format = FORMAT, output: Path = OUTPUT, all: bool = ALL
) -> None:
    """The data sets of the catalog, or the manifest of one."""
    _list_or_show("datasets", name, format, output, all)


def systems(format: Format = FORMAT, output: Path = OUTPUT, all: bool = ALL) -> None:
    """This machine, as it is recorded with every Run."""
    from dlscope import api

    show(api.systems(), format, output, all=all)


def _list_or_show(
    kind: str, name: str | None, format: Format, output: Path | None, all: bool
) -> None:
    from dlscope import api

    if name is None:
        show(api.catalog(kind), format, output, all=all)
    else:
        typer.echo(api.manifest_text(kind, name), nl=False)
