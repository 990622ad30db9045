"""`dlscope … list` and `show`: reports of what took long, kept in the store."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import typer

from dlscope.cli.output import ALL, FORMAT, OUTPUT, STORE, Format, show

_NAME = typer.Argument(..., help="A report by its name in the store.")


def add_kept(app: typer.Typer, kind: Literal["skynet", "adapt"]) -> None:
    """Add `list` and `show` to the commands of `kind`."""
    name = {"skynet": "train-1a2b3c4d", "adapt": "ablate-1a2b3c4d"}[kind]

    @app.command("list", help=_help("List the reports of a store, the newest first.", kind, "list"))
    def list_kept(
        store: str = STORE, format: Format = FORMAT, output: Path = OUTPUT, all: bool = ALL
    ) -> None:
        from dlscope import api

        show(api.list_kept(kind, store=store), format, output, all=all)

    told = "Print a report of the store again.\n\nNothing is trained."

    @app.command("show", help=_help(told, kind, f"show {name}"))
    def show_kept(
        name: str = _NAME,
        store: str = STORE,
        format: Format = FORMAT,
        output: Path = OUTPUT,
        all: bool = ALL,
    ) -> None:
        from dlscope import api

        show(api.kept_report(kind, name, store=store), format, output, all=all)


def _help(told: str, kind: str, example: str) -> str:
    return f"{told}\n\n\b\ndlscope {kind} {example}"
