"""`dlscope study …`: what a change in one place does to the answers."""

from __future__ import annotations

from pathlib import Path

import typer

from dlscope.cli import asking
from dlscope.cli.output import ALL, FORMAT, OUTPUT, STORE, Format, exit_code, show

app = typer.Typer(
    help="What a change in one place does to the answers.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def group() -> None:
    """What a change in one place does to the answers."""


@app.command()
def preprocessing(
    model: str = typer.Argument(..., help="Model by name or manifest."),
    dataset: str = typer.Option(None, "--dataset", "-d", help="Default: the model's own."),
    backend: str = typer.Option("onnxruntime", "--backend", "-b", help="Backend to run it on."),
    change: list[str] = typer.Option(None, "--change", help="Only this change; repeatable."),
    allow_hooks: list[str] = asking.HOOKS,
    rerun: bool = typer.Option(False, "--rerun", help="Measure again what is finished."),
    scheduler: str = asking.SCHEDULER,
    address: str = asking.ADDRESS,
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Change one step before the model at a time and count what it costs.

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
            allow_hooks=allow_hooks or (),
            store=store,
            rerun=rerun,
            scheduler=scheduler,
            address=address,
            watcher=progress,
        )
    show(report, format, output, all=all)
    raise typer.Exit(exit_code(progress.runs, progress.refused))
