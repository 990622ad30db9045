"""`dlscope manifest …`: draft and check documents, and give editors their schema."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from dlscope.cli.asking import sizes
from dlscope.cli.output import FORMAT, OUTPUT, Format, show
from dlscope.core.whole_file import write_whole

app = typer.Typer(
    help="Draft and check manifests, and give editors their schema.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def check(
    files: list[Path] = typer.Argument(..., help="YAML files."),
    format: Format = FORMAT,
    output: Path = OUTPUT,
) -> None:
    """Everything wrong with manifests, all at once.

    Fields, steps and graphs are checked.

    \b
    dlscope manifest check mine.yaml
    """
    from dlscope import api

    show(api.check_manifests(files), format, output)


@app.command()
def draft(
    graph: Path = typer.Argument(..., help="An ONNX file."),
    bind: list[str] = typer.Option(None, "--bind", help="Size of a free axis: sequence=128."),
) -> None:
    """A manifest of a graph to go on from.

    \b
    dlscope manifest draft net.onnx > net.yaml
    """
    from dlscope import api

    typer.echo(api.draft_manifest(graph, sizes(bind, "--bind")), nl=False)


@app.command()
def schema(
    kind: str = typer.Argument(..., help="model, dataset, framework, system, scenario, experiment"),
) -> None:
    """The JSON Schema of one kind of manifest, for editors.

    \b
    dlscope manifest schema model > model.schema.json
    """
    from dlscope import api

    typer.echo(json.dumps(api.manifest_schema(kind), indent=2))


@app.command("import-mlmodelscope")
def import_mlmodelscope(
    file: Path = typer.Argument(..., help="A model manifest of MLModelScope."),
    output: Path = typer.Option(None, "--output", "-o", help="File to write instead."),
) -> None:
    """A model manifest of MLModelScope as one of dlscope.

    What to look at goes to standard error.

    \b
    dlscope manifest import-mlmodelscope Inception_v3.yml -o inception_v3.yaml
    """
    from dlscope import api

    text, notes = api.import_mlmodelscope(file)
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    if output is None:
        typer.echo(text, nl=False)
    else:
        write_whole(output, text)
        typer.echo(f"written to {output}", err=True)
