"""`dlscope store …`: what was measured, and where it is kept."""

from __future__ import annotations

from pathlib import Path

import typer

from dlscope.cli.output import ALL, FORMAT, OUTPUT, STORE, Format, show

app = typer.Typer(
    help="What was measured, and where it is kept.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("list")
def list_runs(
    model: str = typer.Option(None, "--model", help="Only this model."),
    backend: str = typer.Option(None, "--backend", "-b", help="Only this backend."),
    dataset: str = typer.Option(None, "--dataset", "-d", help="Only this data set."),
    status: str = typer.Option(None, "--status", help="finished, failed or aborted."),
    limit: int = typer.Option(50, "--limit", help="The newest so many; 0 for all."),
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """The stored runs, newest first.

    \b
    dlscope store list --model efficientnet-lite0 --format json
    """
    from dlscope import api

    report = api.runs(
        model=model, backend=backend, dataset=dataset, status=status, limit=limit, store=store
    )
    show(report, format, output, all=all)


@app.command()
def export(
    directory: Path = typer.Argument(..., help="Folder to write."),
    runs: list[str] = typer.Argument(..., help="Run ids, or unique beginnings."),
    store: str = STORE,
) -> None:
    """Write runs as a plain folder that another store can import."""
    from dlscope.store import Store

    with Store.open(store) as opened:
        written = opened.export(directory, runs)
    typer.echo(f"{len(written)} runs written to {directory}", err=True)


@app.command("import")
def import_runs(
    directory: Path = typer.Argument(..., help="Folder that `store export` wrote."),
    store: str = STORE,
) -> None:
    """Add the runs of an exported folder; each file is checked against its digest."""
    from dlscope.store import Store

    with Store.open(store) as opened:
        added = opened.import_(directory)
    typer.echo(f"{len(added)} runs added", err=True)


@app.command()
def delete(
    runs: list[str] = typer.Argument(..., help="Run ids, or unique beginnings."),
    store: str = STORE,
) -> None:
    """Delete runs and their files."""
    from dlscope.store import Store

    with Store.open(store) as opened:
        for run in runs:
            typer.echo(f"deleted {opened.delete(run)}", err=True)


@app.command()
def info(store: str = STORE, format: Format = FORMAT, output: Path = OUTPUT) -> None:
    """Where the store is and how large it has grown."""
    from dlscope import api

    show(api.store_info(store=store), format, output)
