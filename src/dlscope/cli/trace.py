"""`dlscope trace …`: traces of stored runs for other tools, and those of other tools."""

from __future__ import annotations

from pathlib import Path

import typer

from dlscope.cli.output import ALL, FORMAT, OUTPUT, STORE, Format
from dlscope.cli.output import show as show_report

app = typer.Typer(
    help="Traces of stored runs for other tools, and those of other tools.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_KINDS = "kineto, chrome, jaeger, otlp, nsys, onnxruntime, parquet, stream."


@app.command()
def export(
    run: str = typer.Argument(
        ..., help="Run id, or a unique beginning of it; with --from, a file of another tool."
    ),
    file: Path = typer.Argument(..., help="trace.json(.gz), trace.otlp.json or trace.parquet."),
    kind: str = typer.Option(None, "--from", help=_KINDS),
    store: str = STORE,
) -> None:
    """Write the spans of a run for Perfetto, OpenTelemetry, Parquet.

    \b
    dlscope trace export r-5b1f trace.json.gz
    dlscope trace export report.sqlite trace.json.gz --from nsys
    """
    from dlscope import api

    spans = api.export_trace(run, file, store=store, kind=kind)
    typer.echo(f"{spans} spans written to {file}", err=True)


@app.command()
def show(
    file: Path = typer.Argument(..., help="A trace that another tool wrote; JSON plain or gzip."),
    kind: str = typer.Option(None, "--from", help=f"Where the file does not tell: {_KINDS}"),
    strict: bool = typer.Option(False, "--strict", help="Refuse a file that is cut or damaged."),
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """What is in a trace file: levels, longest spans, what is amiss.

    \b
    dlscope trace show trace.json.gz
    dlscope trace show mine.json --from kineto
    """
    from dlscope import api

    show_report(api.describe_trace(file, kind, strict=strict), format, output, all=all)
