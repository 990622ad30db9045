"""`dlscope codesign space …`: what a space of networks is, how large it is, whether it is sound."""

from __future__ import annotations

from pathlib import Path

import typer

from dlscope.cli.output import FORMAT, OUTPUT, Format, show

app = typer.Typer(help="Spaces of networks.", no_args_is_help=True, rich_markup_mode=None)
_SPACE = typer.Argument(..., help="A space by name, or its YAML file.")


@app.command("show")
def show_space(space: str = _SPACE, format: Format = FORMAT, output: Path = OUTPUT) -> None:
    """Print the blocks of a space: what each may be, at what cost.

    \b
    dlscope codesign space show edd_imagenet
    """
    from dlscope import api

    show(api.describe_space(space), format, output)


@app.command()
def size(space: str = _SPACE, format: Format = FORMAT, output: Path = OUTPUT) -> None:
    """Count the networks of a space exactly.

    Alone, with their bits, and with their lanes.

    \b
    dlscope codesign space size edd_imagenet --format json
    """
    from dlscope import api

    show(api.space_size(space), format, output)


@app.command()
def validate(
    spaces: list[str] = typer.Argument(..., help="Spaces by name, or YAML files."),
) -> None:
    """Check spaces; a problem ends it with 1.

    Every problem is told with its line.

    \b
    dlscope codesign space validate mine.yaml
    """
    from dlscope import api

    for space in spaces:
        typer.echo(f"{space}: {api.check_space(space)}")
