"""`dlscope bound …`: how far models are from the latency that is possible here."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import typer

from dlscope.cli.asking import fields_asked, numbers, sizes
from dlscope.cli.option_group import spread
from dlscope.cli.output import ALL, FORMAT, OUTPUT, STORE, Format, Shown, show
from dlscope.cli.steps import Steps
from dlscope.core.errors import BoundError
from dlscope.core.report import Report
from dlscope.core.whole_file import write_whole

app = typer.Typer(
    help="The least latency that is possible here, and what to change.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_MODELS = typer.Argument(..., help="Models by name, or ONNX files.")
_BATCH = typer.Option("1", "--batch-size", help="Inputs at once: 1,2,4.")
_BIND = typer.Option(None, "--bind", help="Size of a free axis: height=224.")
_THREADS = typer.Option(1, "--threads", min=1, help="Threads of one layer.")
_DTYPES = typer.Option(None, "--dtype", help="Type to compute in; default float32 and bfloat16.")
_IMPLEMENTATIONS = typer.Option(
    None, "--implementation", help="Only this implementation of layers; repeat for several."
)
_SECONDS = typer.Option(0.5, "--seconds", min=0.01, help="Longest that one benchmark takes.")
_DEVICE = typer.Option("cpu", "--device", help="cpu or gpu.")
_REFRESH = typer.Option(False, "--refresh", help="Measure again what is stored.")
_LAYOUTS = typer.Option(True, "--layouts/--no-layouts", help="Measure changes of layout.")
_BACKEND = typer.Option("onnxruntime", "--backend", "-b", help="What advice is about.")
_BACKEND_OPTION = typer.Option(
    None, "--option", help="Option of that backend: graph_optimization=disabled."
)
_CORES = typer.Option(
    None, "--cores", min=1, help="Cores that advice may use; default: all.", show_default=False
)
_AGAINST = typer.Option(
    None, "--against", help="Backends to compare with; default: all that are installed."
)
_STORED = typer.Option(False, "--stored", help="Measure nothing.")
_MIXED = typer.Option(
    False, "--mixed", help="Take results of several versions or protocols as one."
)
_GRAPH = typer.Option(
    None, "--show", help="graph: the critical path in DOT, or in SVG to a file.svg."
)


@app.command()
def generate(
    models: list[str] = _MODELS,
    batch_size: int = typer.Option(1, "--batch-size", min=1, help="Inputs at once."),
    bind: list[str] = _BIND,
    layouts: bool = _LAYOUTS,
    output: Path = typer.Option("bounds.json", "--output", "-o", help="File to write."),
) -> None:
    """Write down the benchmarks of models, to run elsewhere.

    They are every unique layer and every group that can be fused.

    \b
    dlscope bound generate resnet18 mobilenet_v2 -o bounds.json
    """
    from dlscope import api
    from dlscope.reporting.words import plural

    suite = api.generate_bounds(
        models, batch_size=batch_size, bindings=sizes(bind, "--bind"), layouts=layouts
    )
    suite.save(output)
    layers = sum(model.layers for model in suite.models)
    typer.echo(
        f"{output}: {layers} layers of {plural(len(suite.models), 'model')}, "
        f"{len(suite.bricks)} benchmarks, {len(suite.reorders)} changes of layout; "
        f"measure them with: dlscope bound run {output}",
        err=True,
    )


@app.command()
def run(
    suite: Path = typer.Argument(..., help="File that `bound generate` wrote."),
    threads: int = _THREADS,
    dtype: list[str] = _DTYPES,
    implementation: list[str] = _IMPLEMENTATIONS,
    device: str = _DEVICE,
    seconds: float = _SECONDS,
    refresh: bool = _REFRESH,
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Measure the benchmarks of a suite that are not stored yet.

    \b
    dlscope bound run bounds.json --store team
    """
    from dlscope import api

    with Steps("bound run") as steps:
        how = _measured(device, threads, dtype, implementation, seconds, refresh=refresh)
        report = api.run_bounds(suite, store=store, told=steps.told, **how)
    show(report, format, output, all=all)


@final
@dataclass(frozen=True)
class _Answer:
    """What an analysis is to say, under the names that the library has for it."""

    strategy: str = typer.Option("both", "--strategy", help="sequential, parallel or both.")
    select_algorithm: str = typer.Option(
        "best", "--select-algorithm", help="best, heuristic (the libraries' own choice) or used."
    )
    paper_costs: bool = typer.Option(
        False, "--paper-costs", help="Take for free what the paper's tool skips."
    )
    verify: bool = typer.Option(
        False, "--verify", help="Carry the advice out, and set achieved beside predicted."
    )
    partial: bool = typer.Option(
        False, "--partial", help="Tell which layers lack a measurement instead of ending."
    )
    environment: str = typer.Option(
        None, "--environment", help="Another machine, by its fingerprint; with --stored."
    )


@app.command()
@spread
def analyze(
    models: list[str] = _MODELS,
    backend: str = _BACKEND,
    option: list[str] = _BACKEND_OPTION,
    batch_size: str = _BATCH,
    bind: list[str] = _BIND,
    threads: int = _THREADS,
    cores: int = _CORES,
    dtype: list[str] = _DTYPES,
    implementation: list[str] = _IMPLEMENTATIONS,
    against: list[str] = _AGAINST,
    device: str = _DEVICE,
    seconds: float = _SECONDS,
    layouts: bool = _LAYOUTS,
    *,
    answer: _Answer,
    stored: bool = _STORED,
    mixed: bool = _MIXED,
    refresh: bool = _REFRESH,
    graph: str = _GRAPH,
    store: str = STORE,
    shown: Shown,
) -> None:
    """Bounds of models, how far they are from them, and advice.

    What is missing is measured first.

    \b
    dlscope bound analyze squeezenet1_1
    dlscope bound analyze mobilenet_v2 --option graph_optimization=disabled --verify
    dlscope bound analyze googlenet --show graph -o googlenet.svg
    """
    from dlscope import api

    with Steps("bound analyze") as steps:
        report = api.bound(
            models,
            backend=backend,
            options=fields_asked(option, "--option", "graph_optimization=disabled"),
            batch_size=numbers(batch_size, "--batch-size"),
            cores=cores,
            against=against or (),
            bindings=sizes(bind, "--bind"),
            layouts=layouts,
            measure=not stored,
            mixed=mixed,
            drawn=_is_drawn(graph, models),
            store=store,
            told=steps.told,
            **vars(answer),
            **_measured(device, threads, dtype, implementation, seconds, refresh=refresh),
        )
    _tell(report, graph, shown)


@app.command()
def export(
    file: Path = typer.Argument(..., help="File to add to, a .jsonl."), store: str = STORE
) -> None:
    """Write benchmark results to a file for another store.

    What is in the file already stays, and is not written twice.

    \b
    dlscope bound export results.jsonl
    """
    from dlscope import api
    from dlscope.reporting.words import plural

    count = api.export_benchmarks(file, store=store)
    typer.echo(
        f"{file}: {plural(count, 'new result')}; read them elsewhere with: "
        f"dlscope bound import {file.name}",
        err=True,
    )


@app.command(name="import")
def import_(
    file: Path = typer.Argument(..., help="JSON of Google Benchmark, or a .jsonl export."),
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
) -> None:
    """Read benchmark results of another tool or store.

    \b
    dlscope bound import results.jsonl
    """
    from dlscope import api

    show(api.import_benchmarks(file, store=store), format, output)


def _measured(
    device: str,
    threads: int,
    dtypes: Sequence[str],
    implementations: Sequence[str],
    seconds: float,
    *,
    refresh: bool,
) -> dict[str, Any]:
    """How layers are measured, as the library takes it."""
    return {
        "device": device,
        "threads": threads,
        "dtypes": dtypes or None,
        "implementations": implementations or (),
        "seconds": seconds,
        "refresh": refresh,
    }


def _is_drawn(graph: str | None, models: list[str]) -> bool:
    """Whether the graph is asked for. Raises `BoundError` for what is no drawing of one model."""
    if graph not in (None, "graph"):
        raise BoundError(f"{graph!r} cannot be shown", where="--show", fix="ask for: --show graph")
    if graph and len(models) > 1:
        raise BoundError(
            "the graphs of several models cannot be one drawing",
            where="--show",
            fix="name one model",
        )
    return graph is not None


def _tell(report: Report, graph: str | None, shown: Shown) -> None:
    if graph is None:
        shown.show(report)
    else:
        _draw(report.attachments, shown.output)


def _draw(drawings: Mapping[str, str], output: Path | None) -> None:
    """DOT, or SVG where the file is called so."""
    wanted = ".svg" if output is not None and output.suffix == ".svg" else ".dot"
    found = [text for name, text in drawings.items() if name.endswith(wanted)]
    if not found:
        raise BoundError(
            "the graph has too many layers for a drawing that can be read",
            where="--show",
            fix="write DOT, and draw it with Graphviz: --output graph.dot",
        )
    if output is None:
        sys.stdout.write(found[0])
    else:
        write_whole(output, found[0])
        typer.echo(f"written to {output}", err=True)
