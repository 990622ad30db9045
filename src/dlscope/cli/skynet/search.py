"""`dlscope skynet search`: a detector designed from the bottom up for a device."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, final

import typer

from dlscope.cli.asking import one_of, width_by_height
from dlscope.cli.option_group import spread
from dlscope.cli.output import STORE, Shown
from dlscope.cli.steps import RESUMES, Steps

_DEVICES: tuple[Literal["cpu", "fpga"], ...] = ("cpu", "fpga")
_FORMS: tuple[Literal["identity", "abs", "hinge"], ...] = ("identity", "abs", "hinge")


@final
@dataclass(frozen=True)
class Goals:
    """Devices, and how quick a network has to be on them."""

    device: list[str] = typer.Option(
        ["cpu"], "--device", help="cpu, timed here, or fpga, by cycles; repeat for several."
    )
    target: list[str] = typer.Option(
        ["0.6x"], "--target", help="Latency: 5ms, or 0.6x that of SkyNet C; one, or one a device."
    )
    alpha: float = typer.Option(
        None, "--alpha", help="What a ms beyond the target adds; below 0. Default: by the form."
    )
    form: str = typer.Option(
        "identity", "--form", help="identity, as published, abs, or hinge: a limit."
    )

    def asked(self) -> dict[str, Any]:
        """The same as the library takes it."""
        return {
            "devices": [one_of(_DEVICES, each, "--device") for each in self.device],
            "targets": self.target,
            "alpha": self.alpha,
            "form": one_of(_FORMS, self.form, "--form"),
        }


@final
@dataclass(frozen=True)
class Networks:
    """What is looked through, and what it is compared with."""

    bundle: list[str] = typer.Option(
        [], "--bundle", help="Only this bundle, such as B09; repeat for several."
    )
    depth: int = typer.Option(5, "--depth", help="Bundles of a network.")
    width: float = typer.Option(0.5, "--width", help="Width of the SkyNet C to compare with.")

    def asked(self) -> dict[str, Any]:
        """The same as the library takes it."""
        return {"bundles": self.bundle, "depth": self.depth, "width": self.width}


@final
@dataclass(frozen=True)
class Images:
    """What networks are trained on and judged by."""

    size: str = typer.Option("160x80", "--size", help="Width x height of images.")
    images: int = typer.Option(1500, "--images", min=1, help="Images to train with.")
    val_images: int = typer.Option(300, "--val-images", min=1, help="Images the search sees.")
    test_images: int = typer.Option(500, "--test-images", min=1, help="Images it never sees.")
    data_seed: int = typer.Option(0, "--data-seed", help="Of the images.")

    def asked(self) -> dict[str, Any]:
        """The same as the library takes it."""
        from dlscope import api

        data = api.DetectorData(
            train=self.images,
            judged=self.val_images,
            final=self.test_images,
            size=width_by_height(self.size),
            seed=self.data_seed,
        )
        return {"data": data}


@final
@dataclass(frozen=True)
class Effort:
    """How much is tried."""

    epoch: int = typer.Option(60, "--epoch", min=1, help="Steps of training in an epoch.")
    sketch_epochs: int = typer.Option(1, "--sketch-epochs", min=1, help="Of each bundle.")
    epochs: int = typer.Option(1, "--epochs", help="Of a particle, times the iteration.")
    feature_epochs: int = typer.Option(3, "--feature-epochs", min=1, help="Of each feature.")
    final_epochs: int = typer.Option(
        12, "--final-epochs", min=0, help="From scratch, at the end; 0 for none."
    )
    groups: int = typer.Option(3, "--groups", min=1, help="Bundles that go on.")
    particles: int = typer.Option(4, "--particles", help="Networks of a bundle at a time.")
    iterations: int = typer.Option(3, "--iterations", help="Moves of the particles, and one.")
    multi_scale: bool = typer.Option(
        False, "--multi-scale", help="Also try images of several sizes."
    )

    def asked(self) -> dict[str, Any]:
        """The same as the library takes it."""
        from dlscope import api

        effort = api.DetectorEffort(
            iterations_of_epoch=self.epoch,
            sketch_epochs=self.sketch_epochs,
            swarm_epochs=self.epochs,
            feature_epochs=self.feature_epochs,
            final_epochs=self.final_epochs,
            particles=self.particles,
            iterations=self.iterations,
            most=self.groups,
        )
        return {"effort": effort, "multi_scale": self.multi_scale}


@spread
def search(
    into: Path = typer.Option(..., "--into", help="Folder of the search and its network."),
    *,
    goals: Goals,
    networks: Networks,
    images: Images,
    effort: Effort,
    seed: int = typer.Option(0, "--seed", help="Of weights, order and particles."),
    threads: int = typer.Option(1, "--threads", min=1, help="Threads of training and timing."),
    resume: bool = typer.Option(False, "--resume", help="Go on with the search in the folder."),
    store: str = STORE,
    shown: Shown,
) -> None:
    """Design a detector from the bottom up for a device.

    Bundles first, then networks, then features.

    The folder then has bundles.json, every network that was judged, and the best of them as
    winner.onnx with winner.yaml for `dlscope evaluate`.

    \b
    dlscope skynet search --into found --target 0.6x --form hinge
    """
    from dlscope import api

    with Steps("skynet search", RESUMES) as steps:
        report = api.search_skynet(
            into,
            **goals.asked(),
            **networks.asked(),
            **images.asked(),
            **effort.asked(),
            threads=threads,
            seed=seed,
            resume=resume,
            store=store,
            told=steps.told,
        )
    shown.show(report)
