"""`dlscope codesign search`, `derive`, `train`, `compare`: from a space to a trained design."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, final

import typer

from dlscope.cli.asking import one_of
from dlscope.cli.option_group import spread
from dlscope.cli.output import ALL, FORMAT, OUTPUT, STORE, Format, Shown, show
from dlscope.cli.steps import BEGINS_AGAIN, Steps

_IMPLEMENTING: tuple[Literal["closed_form", "gradient"], ...] = ("closed_form", "gradient")
_COMBINED: tuple[Literal["product", "log", "sum", "exponent"], ...] = (
    *("product", "log"),
    *("sum", "exponent"),
)
_MODES: tuple[Literal["together", "two_step"], ...] = ("together", "two_step")
_PLACES: tuple[Literal["cpu", "gpu", "auto"], ...] = ("cpu", "gpu", "auto")
_OBJECTIVES: tuple[Literal["latency", "throughput", "energy"], ...] = (
    *("latency", "throughput"),
    "energy",
)
_FAILED = 3

_DEVICE = typer.Option(
    ..., "--device", help="zcu102:recursive, zc706:pipelined, … or local:cpu as it was profiled."
)
_TARGET = typer.Option(None, "--target-latency", help="Most time per result: 5ms, 200us.")
_COMBINE = typer.Option(
    "product", "--combine", help="How loss and time become one: product, log, sum, exponent."
)
_THREADS = typer.Option(
    1, "--threads", min=1, help="Threads; other numbers of them, other results."
)
_SEED = typer.Option(0, "--seed", help="Seed of all that is random.")
_PLACE = typer.Option("cpu", "--place", help="Where to train: cpu, gpu or auto.")
_RUN = typer.Argument(..., help="A search: its folder, or the beginning of its name.")


@final
@dataclass(frozen=True)
class Length:
    """How long a search is."""

    budget: str = typer.Option("10m", "--budget", help="Time that the search may take: 90s, 10m.")
    epochs: int = typer.Option(
        None, "--epochs", min=1, help="Epochs of the supernet, in place of a budget."
    )
    seed: int = _SEED


@final
@dataclass(frozen=True)
class Aim:
    """What a design is judged by, and how it is looked for."""

    objective: str = typer.Option(
        None, "--objective", help="What the device is judged by: latency, throughput; or energy."
    )
    target_latency: str = _TARGET
    mode: str = typer.Option(
        "together", "--mode", help="together, or two_step: a baseline, accuracy first."
    )
    impl: str = typer.Option(
        "closed_form", "--impl", help="Lanes: closed_form, or gradient as published."
    )
    combine: str = _COMBINE

    def asked(self) -> dict[str, Any]:
        """The same as the library takes it."""
        return {
            "objective": self.objective and one_of(_OBJECTIVES, self.objective, "--objective"),
            "target_latency": self.target_latency,
            "mode": one_of(_MODES, self.mode, "--mode"),
            "implementing": one_of(_IMPLEMENTING, self.impl, "--impl"),
            "combine": one_of(_COMBINED, self.combine, "--combine"),
        }


@final
@dataclass(frozen=True)
class Running:
    """Where a search is trained, and with which times of operations."""

    threads: int = _THREADS
    place: str = _PLACE
    table: Path = typer.Option(None, "--table", help="Measured table that profile --save wrote.")
    foreign_table: bool = typer.Option(
        False, "--foreign-table", help="Accept a table of another machine."
    )
    allow_predict: bool = typer.Option(
        False, "--allow-predict", help="Predict operations that were not measured."
    )
    rerun: bool = typer.Option(False, "--rerun", help="Search again what was searched before.")
    store: str = STORE

    def asked(self) -> dict[str, Any]:
        """The same as the library takes it."""
        return {**vars(self), "place": one_of(_PLACES, self.place, "--place")}


@spread
def search(
    space: str = typer.Option(..., "--space", help="A space by name, or its YAML file."),
    device: str = _DEVICE,
    data: str = typer.Option(..., "--data", help="Labelled images by name, or a YAML file."),
    *,
    length: Length,
    aim: Aim,
    requirements: str = typer.Option(
        None, "--requirements", help="Hold the result against these: a name, or a YAML file."
    ),
    running: Running,
    shown: Shown,
) -> None:
    """Search a network and its implementation together.

    A search that was interrupted goes on when the same command is given again, and ends as it
    would have. Ends with 3 when nothing meets the target, with the least time there is.

    \b
    dlscope codesign search --space mnist_cpu --device local:cpu --data mnist-5k --budget 10m
    dlscope codesign search --space tiny_grey_4 --device zc706:pipelined --data mnist-5k --epochs 8
    """
    from dlscope import api

    asked = {**vars(length), **aim.asked(), **running.asked()}
    with Steps("codesign search") as steps:
        run = api.search(space, device, data, **asked, told=steps.told)
    typer.echo(f"kept in {run.folder}", err=True)
    folder = str(run.folder)
    shown.show(api.search_report(folder, requirements=requirements, store=running.store))
    if run.status == "infeasible":
        raise typer.Exit(_FAILED)


def derive(
    run: str = _RUN,
    target_latency: str = _TARGET,
    combine: str = _COMBINE,
    evaluations: int = typer.Option(600, "--evaluations", min=1, help="Designs to look at."),
    designs: Path = typer.Option(
        None, "--designs", help="Write the designs of the front as files into this folder."
    ),
    table: Path = typer.Option(None, "--table", help="The measured table that was searched with."),
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Find designs for another target in a finished search.

    None is trained.

    \b
    dlscope codesign derive 1f2e3d --target-latency 2ms --designs derived
    """
    from dlscope import api

    with Steps("codesign derive", BEGINS_AGAIN) as steps:
        report = api.derive_designs(
            run,
            target_latency=target_latency,
            combine=one_of(_COMBINED, combine, "--combine"),
            evaluations=evaluations,
            designs=designs,
            table=table,
            store=store,
            told=steps.told,
        )
    show(report, format, output, all=all)


def train(
    design: Path = typer.Argument(..., help="File of a design: design.json."),
    data: str = typer.Option(..., "--data", help="Labelled images by name, or a YAML file."),
    into: Path = typer.Option("trained", "--into", help="Folder for the network and its design."),
    epochs: int = typer.Option(20, "--epochs", min=1, help="Epochs; the last fifth is folded."),
    seed: int = _SEED,
    threads: int = _THREADS,
    place: str = _PLACE,
) -> None:
    """Train a design from scratch, at its own bits.

    \b
    dlscope codesign train design.json --data mnist-5k --epochs 40 --into trained
    """
    from dlscope import api

    with Steps("codesign train") as steps:
        file = api.train_design(
            design,
            data,
            into,
            epochs=epochs,
            seed=seed,
            threads=threads,
            place=one_of(_PLACES, place, "--place"),
            told=steps.told,
        )
    accuracy = file.accuracy or {}
    typer.echo(f"{file.identity}: {accuracy.get('right')} of {accuracy.get('n')} test images right")
    typer.echo(f"written to {into / 'design.json'}", err=True)


def compare(
    runs: list[str] = typer.Argument(..., help="Searches: folders, or beginnings of names."),
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Put searches side by side.

    Each with the area of error and time that it dominates.

    \b
    dlscope codesign compare 1f2e3d 4a5b6c
    """
    from dlscope import api

    show(api.compare_searches(runs, store=store), format, output, all=all)
