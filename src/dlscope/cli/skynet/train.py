"""`dlscope skynet train`: a detector, by one of two recipes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from dlscope.cli.asking import one_of, width_by_height
from dlscope.cli.option_group import spread
from dlscope.cli.output import STORE, Shown
from dlscope.cli.skynet.options import (
    ACT,
    DATA,
    DATA_SEED,
    FILTERS,
    FROM_CHECKPOINT,
    STRICT,
    VARIANT,
    VARIANTS,
    end_by,
)
from dlscope.cli.steps import Steps
from dlscope.cli.stopping import Stopping

if TYPE_CHECKING:
    from dlscope.training.launching import Place

_ACTS: tuple[Literal["relu", "relu6"], ...] = ("relu", "relu6")
_RECIPES = ("region", "iou")
_DEVICES: tuple[Place, ...] = ("cpu", "cuda", "gpu", "auto")


@spread
def train(
    folder: Path = typer.Option("skynet", "--out", help="Folder of weights and model."),
    recipe: str = typer.Option("iou", "--recipe", help="region, the loss of 2019, or iou, ours."),
    variant: str = VARIANT,
    width: float = typer.Option(0.5, "--width", help="Multiplies the channels of every layer."),
    size: str = typer.Option("160x80", "--size", help="Width x height of images."),
    act: str = ACT,
    iterations: int = typer.Option(None, "--iterations", min=1, help="Steps; default 1400."),
    budget: str = typer.Option(None, "--budget", help="CPU time in place of steps: 150s, 15m."),
    data: str = DATA,
    images: int = typer.Option(5000, "--images", min=1, help="Images to train with."),
    val_images: int = typer.Option(400, "--val-images", min=1, help="Images to evaluate with."),
    data_seed: int = DATA_SEED,
    resize: str = typer.Option("area", "--resize", help=f"Filter: {', '.join(FILTERS)}."),
    seed: int = typer.Option(0, "--seed", help="Of weights, order and augmentation."),
    threads: int = typer.Option(1, "--threads", min=1, help="Threads of the training."),
    device: str = typer.Option("cpu", "--device", help="cpu, cuda, or auto: a GPU if any."),
    resume: bool = typer.Option(False, "--resume", help="Evaluate a finished training again."),
    strict: bool = STRICT,
    store: str = STORE,
    *,
    shown: Shown,
) -> None:
    """Train a detector, and evaluate it on unseen images.

    The folder then has detector.pt, skynet.onnx, and skynet.yaml for `dlscope evaluate`. What was
    interrupted goes on after the last step, given again. A folder of --data has train and val.

    \b
    dlscope skynet train --recipe iou --budget 150s --out skynet
    """
    from dlscope import api

    with Stopping() as stopping, Steps("skynet train", FROM_CHECKPOINT) as steps:
        report = api.train_skynet(
            folder,
            recipe=one_of(_RECIPES, recipe, "--recipe"),
            variant=one_of(VARIANTS, variant.upper(), "--variant"),
            width=width,
            size=width_by_height(size),
            act=one_of(_ACTS, act, "--act"),
            iterations=iterations,
            budget=budget,
            data=data,
            images=images,
            val_images=val_images,
            data_seed=data_seed,
            resize=one_of(FILTERS, resize, "--resize"),
            seed=seed,
            threads=threads,
            device=one_of(_DEVICES, device, "--device"),
            resume=resume,
            strict=strict,
            store=store,
            told=steps.told,
            should_stop=stopping.should_stop,
        )
    shown.show(report)
    end_by(report)
