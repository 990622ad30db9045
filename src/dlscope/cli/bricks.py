"""`dlscope bricks …`: benchmarks generated from models, and models rebuilt from them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import typer

from dlscope.cli.asking import one_of, sizes
from dlscope.cli.output import ALL, FORMAT, OUTPUT, STORE, Format, show
from dlscope.cli.steps import BEGINS_AGAIN, Steps
from dlscope.core.errors import PlanError

app = typer.Typer(
    help="The latency of models, from timings of their small parts.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_SUITE = typer.Argument(..., help="File that `bricks generate` wrote.")
_SUITES = typer.Argument(..., help="Files that `bricks generate` wrote.")
_SCOPE = typer.Option("suite", "--scope", help="suite: every brick once; model: once per model.")
_THREADS = typer.Option(1, "--threads", min=1, help="Threads of one brick.")
_CUTS: tuple[Literal["executed", "authored"], ...] = ("executed", "authored")
_PARTITIONS: tuple[Literal["standard", "overlapping"], ...] = ("standard", "overlapping")
_SCOPES: tuple[Literal["suite", "model"], ...] = ("suite", "model")
_WRITTEN = typer.Option("suite.json", "--output", "-o", help="File to write.")


@app.command()
def generate(
    models: list[str] = typer.Argument(..., help="Models by name, or ONNX files."),
    granularity: str = typer.Option(
        "1",
        "--granularity",
        "-L",
        help="Most layers of a brick, or whole; several, a file for each: 1,2,4,whole.",
    ),
    cut: str = typer.Option(
        "executed", "--cut", help="executed graph of the runtime, or authored."
    ),
    partition: str = typer.Option(
        "standard", "--partition", help="standard, or overlapping windows and their differences."
    ),
    batch_size: int = typer.Option(1, "--batch-size", min=1, help="Inputs at once."),
    bind: list[str] = typer.Option(None, "--bind", help="Size of a free axis: height=224."),
    default_dim: int = typer.Option(None, "--default-dim", help="Size of all other free axes."),
    anonymous: bool = typer.Option(
        False, "--anonymous", help="Leave out names, order and wiring; shapes and counts remain."
    ),
    pad_with: list[Path] = typer.Option(
        None, "--pad-with", help="Hide among the bricks of this suite; with --anonymous."
    ),
    output: Path = _WRITTEN,
) -> None:
    """Cut models into unique bricks: files to run anywhere.

    Others can run them without the models.

    An anonymous suite has no names, no weights and no graph. What remains visible is the shape and
    the parameters of each brick and how often each model has it: with few layers per brick little
    of how they are wired.

    \b
    dlscope bricks generate resnet18 mobilenet_v2 -o suite.json
    dlscope bricks generate mine.onnx --anonymous --pad-with suite.json -o share.json
    """
    from dlscope import api

    _require_decoys(anonymous, pad_with)
    wanted = _granularities(granularity)
    with Steps("bricks generate", BEGINS_AGAIN) as steps:
        for layers in wanted:
            suite = api.generate_bricks(
                models,
                granularity=layers,
                cut=one_of(_CUTS, cut, "--cut"),
                partition=one_of(_PARTITIONS, partition, "--partition"),
                batch_size=batch_size,
                bindings=sizes(bind, "--bind"),
                default_dim=default_dim,
                told=steps.told,
            )
            if anonymous:
                suite = api.anonymous_bricks(
                    suite, [api.read_bricks(each) for each in pad_with or ()]
                )
            path = output if len(wanted) == 1 else output.with_stem(f"{output.stem}-{layers}")
            suite.save(path)
            typer.echo(f"{path}: {api.describe_bricks(suite).answer}", err=True)


@app.command()
def add(
    suite: Path = _SUITE,
    models: list[str] = typer.Argument(..., help="Models by name, or ONNX files."),
    output: Path = typer.Option(None, "--output", "-o", help="File to write; default: the same."),
) -> None:
    """Add models to a suite: only bricks that no model had are new.

    \b
    dlscope bricks add suite.json resnet34
    """
    from dlscope import api

    with Steps("bricks add", BEGINS_AGAIN) as steps:
        joined, new, known = api.add_to_bricks(api.read_bricks(suite), models, told=steps.told)
    joined.save(output or suite)
    typer.echo(f"{output or suite}: {_added(new, known, output or suite)}", err=True)


@app.command()
def run(
    suites: list[Path] = _SUITES,
    scope: str = _SCOPE,
    threads: int = _THREADS,
    processes: int = typer.Option(3, "--processes", min=1, help="Fresh processes to pool."),
    min_rounds: int = typer.Option(
        None, "--min-rounds", min=1, help="Walk at least so often; default: 15, or 3 with --quick."
    ),
    max_seconds: float = typer.Option(30.0, "--max-seconds", help="Longest a process walks on."),
    quick: bool = typer.Option(
        False, "--quick", help="Time a brick only until the models that have it are known to 1 %."
    ),
    whole: bool = typer.Option(True, "--whole/--no-whole", help="Time whole models beside them."),
    file: list[Path] = typer.Option(
        None, "--file", help="ONNX file of a model that the catalog does not know; repeat."
    ),
    refresh: bool = typer.Option(False, "--refresh", help="Time again what has a time."),
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Time every brick that has no time yet, and rebuild the models.

    \b
    dlscope bricks run suite.json
    """
    from dlscope import api

    with Steps("bricks run") as steps:
        report = api.run_bricks(
            [api.read_bricks(each) for each in suites],
            scope=one_of(_SCOPES, scope, "--scope"),
            threads=threads,
            processes=processes,
            min_rounds=min_rounds,
            max_seconds=max_seconds,
            quick=quick,
            whole_models=whole,
            files=file or (),
            store=store,
            refresh=refresh,
            told=steps.told,
        )
    show(report, format, output, all=all)


@app.command()
def compose(
    suites: list[Path] = _SUITES,
    model: list[str] = typer.Option(None, "--model", "-m", help="Only these models."),
    scope: str = _SCOPE,
    threads: int = _THREADS,
    quick: bool = typer.Option(False, "--quick", help="Of what `bricks run --quick` has timed."),
    against: Path = typer.Option(
        None, "--against", help="Compare with the latencies in this JSON result instead."
    ),
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Rebuild the latency of models from times that are stored.

    Nothing is measured.

    \b
    dlscope bricks compose suite.json --model resnet18 --format json
    """
    from dlscope import api

    report = api.compose_bricks(
        [api.read_bricks(each) for each in suites],
        models=model or (),
        scope=one_of(_SCOPES, scope, "--scope"),
        threads=threads,
        quick=quick,
        against=against,
        store=store,
    )
    show(report, format, output, all=all)


@app.command()
def stats(
    suite: Path = _SUITE, format: Format = FORMAT, output: Path = OUTPUT, all: bool = ALL
) -> None:
    """What a suite holds: layers, bricks, how often each is used."""
    from dlscope import api

    show(api.describe_bricks(api.read_bricks(suite)), format, output, all=all)


def _require_decoys(anonymous: bool, pad_with: list[Path] | None) -> None:
    if pad_with and not anonymous:
        raise typer.BadParameter("only with --anonymous", param_hint="--pad-with")


def _added(new: int, known: int, suite: Path) -> str:
    there = f"{known} {'was' if known == 1 else 'were'} there"
    if not new:
        return f"no new brick, {there}"
    bricks, them = ("brick", "it") if new == 1 else ("bricks", "them")
    return f"{new} new {bricks}, {there}; time {them} with: dlscope bricks run {suite}"


def _granularities(text: str) -> list[int | Literal["whole"]]:
    """What `1,2,4,whole` asks for. Raises `PlanError` for what is neither a number nor `whole`."""
    return [_granularity(word.strip()) for word in text.split(",")]


def _granularity(word: str) -> int | Literal["whole"]:
    if word == "whole":
        return "whole"
    if not (word.isdecimal() and int(word) > 0):
        raise PlanError(
            f"{word!r} is neither a positive whole number nor whole",
            where="--granularity",
            fix="write it as 1,4,whole",
        )
    return int(word)
