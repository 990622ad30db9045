from __future__ import annotations

from dataclasses import dataclass
from typing import final

import typer
from typer.testing import CliRunner

from dlscope.cli.option_group import spread


@final
@dataclass(frozen=True)
class Size:
    """How large a thing is."""

    width: int = typer.Option(1, "--width", help="Its width.")
    heights: list[int] = typer.Option(None, "--height", help="Its heights.")


def application() -> typer.Typer:
    app = typer.Typer(rich_markup_mode=None)

    @app.command()
    @spread
    def measure(
        name: str = typer.Argument(..., help="What it is called."),
        *,
        size: Size,
        loud: bool = typer.Option(False, "--loud", help="In capitals."),
    ) -> None:
        """Measure a thing."""
        text = f"{name}: {size}"
        typer.echo(text.upper() if loud else text)

    return app


def test_the_fields_of_a_group_are_options_and_the_command_is_given_the_group() -> None:
    called = CliRunner().invoke(application(), ["box", "--height", "2", "--height", "3", "--loud"])
    assert called.output == "BOX: SIZE(WIDTH=1, HEIGHTS=[2, 3])\n"


def test_a_group_stands_in_the_help_where_the_command_takes_it() -> None:
    told = CliRunner().invoke(application(), ["--help"]).output
    assert "Measure a thing." in told
    places = [told.index(word) for word in ("Its width.", "Its heights.", "In capitals.")]
    assert places == sorted(places)
