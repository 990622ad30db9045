"""`dlscope skynet pipeline`: image files to boxes, stages overlapping."""

from __future__ import annotations

from pathlib import Path

import typer

from dlscope.cli.output import ALL, FORMAT, OUTPUT, STORE, Format, show
from dlscope.cli.skynet.options import RESIZE, resize_of
from dlscope.cli.steps import BEGINS_AGAIN, Steps

_SPOILED = 1


def pipeline(
    weights: str = typer.Argument(..., help="The authors' weights, an ONNX file or a manifest."),
    images: Path = typer.Option(..., "--images", help="Folder of JPEG or PNG files."),
    results: Path = typer.Option("results.csv", "--results", help="File of the boxes."),
    strict: bool = typer.Option(False, "--strict", help="End at a file that cannot be decoded."),
    batch: int = typer.Option(1, "--batch", min=1, help="Images of a batch."),
    capacity: int = typer.Option(4, "--capacity", min=1, help="Batches that a queue holds."),
    apart: bool = typer.Option(False, "--apart", help="Fetch and prepare in stages of their own."),
    rounds: int = typer.Option(1, "--rounds", min=0, help="How often both orders are timed."),
    threads: int = typer.Option(1, "--threads", min=1, help="Threads of inference."),
    limit: int = typer.Option(None, "--limit", min=1, help="Only the first so many files."),
    resize: str = RESIZE,
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Find a box in every image file, in stages that overlap.

    They are timed against stages one after the other.

    Ends with 1 where a file could not be decoded.

    \b
    dlscope skynet pipeline dac.weights --images photographs --results results.csv
    """
    from dlscope import api

    with Steps("skynet pipeline", BEGINS_AGAIN) as steps:
        report = api.run_skynet_pipeline(
            weights,
            images,
            results,
            strict=strict,
            batch=batch,
            capacity=capacity,
            apart=apart,
            rounds=rounds,
            threads=threads,
            limit=limit,
            resize=resize_of(resize),
            store=store,
            told=steps.told,
        )
    show(report, format, output, all=all)
    typer.echo(f"{results}: {len(report.table('boxes').rows)} boxes", err=True)
    spoiled = len(report.table("spoiled").rows)
    if spoiled:
        files = "1 file" if spoiled == 1 else f"{spoiled} files"
        typer.echo(f"{files} could not be decoded", err=True)
        raise typer.Exit(_SPOILED)
