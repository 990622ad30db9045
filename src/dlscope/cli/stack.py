"""`dlscope stack …`: isolated software stacks, one for each framework, version and Python."""

from __future__ import annotations

from pathlib import Path

import typer

from dlscope.cli.output import FORMAT, OUTPUT, Format, show

app = typer.Typer(
    help="Isolated software: any version of a framework, any Python.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def create(
    stacks: list[str] = typer.Argument(
        ..., help="FRAMEWORK==VERSION, with ,python==3.8 and further pins where wanted."
    ),
    offline: bool = typer.Option(False, "--offline", help="Use only what was fetched before."),
    format: Format = FORMAT,
    output: Path = OUTPUT,
) -> None:
    """Have stacks, made where they are not there yet.

    \b
    dlscope stack create onnxruntime==1.18.0 onnxruntime==1.31.1
    dlscope stack create 'mxnet==1.9.1,python==3.8,numpy<1.24'
    """
    from dlscope import api

    report = api.create_stacks(
        stacks, offline=offline, tell=lambda line: typer.echo(line, err=True)
    )
    show(report, format, output, all=True)


@app.command("list")
def list_stacks(format: Format = FORMAT, output: Path = OUTPUT) -> None:
    """The stacks that are here.

    \b
    dlscope stack list --format json
    """
    from dlscope import api

    show(api.stacks(), format, output, all=True)


@app.command("show")
def show_stack(
    stack: str = typer.Argument(..., help="Name of the stack, or a unique beginning."),
    format: Format = FORMAT,
    output: Path = OUTPUT,
) -> None:
    """What a stack holds, to the last version.

    \b
    dlscope stack show onnxruntime-1.18.0
    """
    from dlscope import api

    show(api.describe_stack(stack), format, output, all=True)


@app.command("rm")
def remove(
    stacks: list[str] = typer.Argument(None, help="Names of stacks, or unique beginnings."),
    unused_for: float | None = typer.Option(
        None, "--unused-for", metavar="DAYS", min=0, help="Those not asked for so long."
    ),
) -> None:
    """Take stacks away; one that a run uses stays.

    \b
    dlscope stack rm onnxruntime-1.18.0
    dlscope stack rm --unused-for 30
    """
    from dlscope import api

    if bool(stacks) == (unused_for is not None):
        raise typer.BadParameter("give either names or --unused-for")
    if unused_for is None:
        removed = api.remove_stacks(stacks)
    else:
        removed = api.remove_unused_stacks(unused_for)
    for name in removed:
        typer.echo(f"removed {name}", err=True)
    if not removed:
        typer.echo("nothing to remove: no stack has been unused for so long", err=True)
