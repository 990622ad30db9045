"""`dlscope store …`: what was measured, and where it is kept."""

from __future__ import annotations

from pathlib import Path

import typer

from dlscope.cli.asking import one_of
from dlscope.cli.output import ALL, FORMAT, OUTPUT, STORE, Format, show

app = typer.Typer(
    help="What was measured, and where it is kept.", no_args_is_help=True, rich_markup_mode=None
)
_STATUSES = ("finished", "failed", "aborted")


@app.command("list")
def list_runs(
    model: str = typer.Option(None, "--model", help="Only this model."),
    backend: str = typer.Option(None, "--backend", "-b", help="Only this backend."),
    dataset: str = typer.Option(None, "--dataset", "-d", help="Only this data set."),
    status: str = typer.Option(None, "--status", help="finished, failed or aborted."),
    limit: int = typer.Option(50, "--limit", min=0, help="The newest so many; 0 for all."),
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
        model=model,
        backend=backend,
        dataset=dataset,
        status=None if status is None else one_of(_STATUSES, status, "--status"),
        limit=limit,
        store=store,
    )
    show(report, format, output, all=all)


@app.command()
def export(
    directory: Path = typer.Argument(..., help="Folder to write."),
    runs: list[str] = typer.Argument(..., help="Run ids, or unique beginnings."),
    store: str = STORE,
) -> None:
    """Write runs as a folder for another store.

    It is a plain one, and `import` reads it.
    """
    from dlscope.store import Store

    with Store.open(store) as opened:
        written = opened.export(directory, runs)
    _tell(len(written), f"written to {directory}")


@app.command("import")
def import_runs(
    directory: Path = typer.Argument(..., help="Folder that `store export` wrote."),
    store: str = STORE,
) -> None:
    """Add the runs of an exported folder.

    Each file is checked against its digest.
    """
    from dlscope.store import Store

    with Store.open(store) as opened:
        added = opened.import_(directory)
    _tell(len(added), "added")


@app.command()
def import_spool(store: str = STORE) -> None:
    """Add the runs that were kept aside.

    They are where the store was full, locked or out of reach.
    """
    from dlscope.store import Store
    from dlscope.store.spool import Spool

    spool = Spool()
    with Store.open(store) as opened:
        brought = spool.bring_home(opened)
    _tell(len(brought), f"added from {spool.folder}")


@app.command()
def import_mlmodelscope(
    files: list[Path] = typer.Argument(..., help="Collections that mongoexport wrote."),
    store: str = STORE,
) -> None:
    """Add results that MLModelScope has stored.

    Evaluations, and what belongs to them.

    \b
    dlscope store import-mlmodelscope evaluation.json performance.json model_accuracy.json
    """
    from dlscope.methods.evaluation.mlmodelscope import import_results
    from dlscope.store import Store

    found = import_results(files)
    with Store.open(store) as opened:
        known = {run for run in (each.id for each in found.runs) if opened.has(run)}
        for run in found.runs:
            if run.id not in known:
                opened.accept(run)
    for note in found.notes:
        typer.echo(f"note: {note}", err=True)
    _tell(len(found.runs) - len(known), "added")


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


def _tell(runs: int, done: str) -> None:
    from dlscope.reporting.words import plural

    typer.echo(f"{plural(runs, 'run')} {done}", err=True)
