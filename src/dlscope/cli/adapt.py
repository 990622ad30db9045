"""`dlscope adapt …`: a segmentation network moved to a domain without labels."""

from __future__ import annotations

from pathlib import Path

import typer

from dlscope.cli.adapt_train import FORMATS, LABELS, Carrying, selection_of, train
from dlscope.cli.asking import one_of, seeds_of, width_by_height
from dlscope.cli.option_group import spread
from dlscope.cli.output import ALL, FORMAT, OUTPUT, STORE, Format, Shown, show
from dlscope.cli.steps import BEGINS_AGAIN, Steps
from dlscope.cli.stopping import Stopping

app = typer.Typer(
    help="Segmentation networks moved to images without labels.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_FAULTY = 1


@app.command("make-scenes")
def make_scenes(
    folder: Path = typer.Argument(..., help="Folder to write both domains into."),
    size: str = typer.Option("192x96", "--size", help="Width x height of images."),
    source: int = typer.Option(500, "--source", min=1, help="Training images of the source."),
    target: int = typer.Option(400, "--target", min=1, help="Training images of the target."),
    val: int = typer.Option(80, "--val", min=1, help="Validation images of each domain."),
    seed: int = typer.Option(0, "--seed", help="What all randomness is drawn from."),
    gap: float = typer.Option(0.55, "--gap", help="How differently the target looks, 0 to 1."),
    workers: int = typer.Option(1, "--workers", min=1, help="Processes that draw."),
) -> None:
    """Draw a pair of domains of street scenes.

    Files lie as those of Cityscapes do.

    \b
    dlscope adapt make-scenes scenes --source 500 --target 400 --gap 0.55
    """
    from dlscope import api

    with Steps("adapt make-scenes", BEGINS_AGAIN) as steps:
        count = api.make_scenes(
            folder,
            size=width_by_height(size),
            source=source,
            target=target,
            val=val,
            seed=seed,
            gap=gap,
            workers=workers,
            told=steps.told,
        )
    typer.echo(f"{folder}: {count} scenes", err=True)


@app.command("check-data")
def check_data(
    root: Path = typer.Argument(..., help="Folder of the data set."),
    layout: str = typer.Option(
        "cityscapes", "--layout", "-F", help=f"Where files are: {', '.join(FORMATS)}."
    ),
    split: str = typer.Option("", "--split", help="Part of it, such as train or val."),
    labels: str = typer.Option(None, "--labels", help=f"Ids: {', '.join(LABELS)}."),
    labelled: bool = typer.Option(True, "--labelled/--unlabelled", help="Whether it has labels."),
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Find every fault in a data set before training.

    Ends with 1 where there is one.

    \b
    dlscope adapt check-data scenes/source --split train
    """
    from dlscope import api

    with Steps("adapt check-data", BEGINS_AGAIN) as steps:
        report = api.check_scenes(
            root,
            format=one_of(FORMATS, layout, "--layout"),
            split=split,
            labels=None if labels is None else one_of(LABELS, labels, "--labels"),
            is_labelled=labelled,
            told=steps.told,
        )
    show(report, format, output, all=all)
    if report.table("faults").rows:
        raise typer.Exit(_FAULTY)


@app.command()
@spread
def ablate(
    scenes: Path = typer.Option("scenes", "--scenes", help="Folder that make-scenes wrote."),
    preset: str = typer.Option("ci", "--preset", help="smoke, ci, gpu or paper."),
    rows: str = typer.Option("", "--rows", help="Rows, with commas between; default: all."),
    seeds: str = typer.Option("0,1,2", "--seeds", help="Seeds, with commas between."),
    folder: Path = typer.Option("ablation", "--out", help="Folder of weights and results."),
    *,
    carrying: Carrying,
    shown: Shown,
) -> None:
    """What each part of the method adds, seed by seed.

    Recipes are trained from the same starts; a verdict says what is shown.

    Interrupted, it goes on with the same command, after the last step; what is finished is not
    trained again.

    \b
    dlscope adapt ablate --preset ci --seeds 0,1,2 --format json
    """
    from dlscope import api

    with Stopping() as stopping, Steps("adapt ablate", many=True) as steps:
        report = api.ablate_adaptation(
            scenes,
            folder,
            preset=preset,
            rows=[row.strip() for row in rows.split(",") if row.strip()],
            seeds=seeds_of(seeds, "--seeds"),
            **carrying.asked(),
            told=steps.told,
            should_stop=stopping.should_stop,
        )
    shown.show(report)


app.command()(train)


@app.command()
def export(
    row: str = typer.Argument(..., help="Row of the ablation, such as sim_st."),
    model: Path = typer.Option("adapted.onnx", "--onnx", help="File to write."),
    seed: int = typer.Option(0, "--seed", help="Seed of the row."),
    folder: Path = typer.Option("ablation", "--out", help="Folder that `ablate` wrote."),
    preset: str = typer.Option("ci", "--preset", help="As it was trained with."),
    select: str = typer.Option(
        "last", "--select", help="Weights: last, or as it was trained with."
    ),
) -> None:
    """Write a trained network as ONNX with its manifest.

    It is for evaluate, profile and bound.

    \b
    dlscope adapt export sim_st --onnx adapted.onnx
    dlscope evaluate adapted.yaml --dataset scenes.yaml
    """
    from dlscope import api

    manifest, told = api.export_adapted(
        folder, row, seed, model, preset=preset, select=selection_of(select)
    )
    typer.echo(f"{model} and {manifest}: {told}", err=True)


@app.command("explain-adversarial")
def explain_adversarial(
    store: str = STORE, format: Format = FORMAT, output: Path = OUTPUT, all: bool = ALL
) -> None:
    """Show in numbers why the adversarial loss is unstable.

    \b
    dlscope adapt explain-adversarial --format json
    """
    from dlscope import api

    show(api.explain_adversarial(store=store), format, output, all=all)
