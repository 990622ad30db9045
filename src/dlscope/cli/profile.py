"""`dlscope profile`."""

from __future__ import annotations

from pathlib import Path

import typer

from dlscope.cli import asking
from dlscope.cli.output import ALL, FORMAT, OUTPUT, STORE, Format, exit_code, show


def profile(
    model: list[str] = typer.Argument(..., help="Models by name, manifest or ONNX file."),
    dataset: list[str] = asking.DATASET,
    backend: list[str] = asking.BACKEND,
    levels: str = typer.Option(
        None,
        "--levels",
        help="M,C,L,B,K: model, compiled region, layer, library, kernel; by default all.",
    ),
    batch: str = typer.Option(
        "1", "--batch", help="Batch sizes: 1,2,4; auto doubles while it gains."
    ),
    threads: str = typer.Option("1", "--threads", help="Threads of a prediction: 1,2."),
    iterations: int = typer.Option(10, "--iterations", min=1, help="Rounds of each run."),
    best_effort: bool = typer.Option(
        False, "--best-effort", help="Leave out levels that a backend does not show."
    ),
    rerun: bool = asking.RERUN,
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Where the time goes, from the model down to its kernels.

    What it cost to find out is measured, and taken out.

    \b
    dlscope profile resnet18 -b torch
    dlscope profile mobilenet_v2 -b torch --levels M,L,B --batch 1,2,4 --format json
    """
    from dlscope import api
    from dlscope.cli.progress import Progress

    with Progress(f"profile {' '.join(model)}") as progress:
        report = api.profile(
            model,
            dataset=dataset,
            backend=backend or "onnxruntime",
            levels=levels,
            batch_size="auto" if batch == "auto" else asking.numbers(batch, "--batch"),
            threads=asking.numbers(threads, "--threads"),
            iterations=iterations,
            best_effort=best_effort,
            store=store,
            rerun=rerun,
            watcher=progress,
        )
    show(report, format, output, all=all)
    raise typer.Exit(exit_code(progress.runs, progress.refused))
