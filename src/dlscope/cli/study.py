"""`dlscope study …`: what a change in one place does to the answers."""

from __future__ import annotations

import typer

from dlscope.cli.measurement import Place
from dlscope.cli.option_group import spread
from dlscope.cli.output import Shown, exit_code

app = typer.Typer(
    help="What a change in one place does to the answers.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def group() -> None:
    """What a change in one place does to the answers."""


@app.command()
@spread
def preprocessing(
    model: str = typer.Argument(..., help="Model by name, manifest or ONNX file."),
    dataset: str = typer.Option(None, "--dataset", "-d", help="Default: the model's own."),
    backend: str = typer.Option("onnxruntime", "--backend", "-b", help="Backend to run it on."),
    change: list[str] = typer.Option(None, "--change", help="Only this change; repeatable."),
    *,
    place: Place,
    shown: Shown,
) -> None:
    """Change one step before the model at a time; what it costs.

    \b
    dlscope study preprocessing efficientnet-lite0 --dataset imagenet-mini20
    """
    from dlscope import api
    from dlscope.cli.progress import Progress

    with Progress(f"study preprocessing {model}") as progress:
        report = api.study_preprocessing(
            model,
            dataset=dataset,
            backend=backend,
            changes=change or None,
            watcher=progress,
            **place.asked(),
        )
    shown.show(report)
    raise typer.Exit(exit_code(progress.runs, progress.refused))
