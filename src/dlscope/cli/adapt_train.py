"""`dlscope adapt train`: one recipe on folders, in the formats of published data sets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, final

import typer

from dlscope.cli.asking import one_of, width_by_height
from dlscope.cli.option_group import spread
from dlscope.cli.output import STORE, Shown
from dlscope.cli.steps import Steps
from dlscope.cli.stopping import Stopping

if TYPE_CHECKING:
    from dlscope.methods.adaptation.selecting import Selection
    from dlscope.training.launching import Place

FORMATS: tuple[Literal["cityscapes", "gta5", "synthia", "folder"], ...] = (
    "cityscapes",
    "gta5",
    "synthia",
    "folder",
)
LABELS: tuple[Literal["label_id", "train_id", "synthia"], ...] = (
    "label_id",
    "train_id",
    "synthia",
)
_TRANSLATIONS: tuple[Literal["none", "stats", "fda"], ...] = ("none", "stats", "fda")
_ON_BAD: tuple[Literal["refuse", "skip"], ...] = ("refuse", "skip")
_UNKNOWN: tuple[Literal["refuse", "ignore"], ...] = ("refuse", "ignore")
_LAYOUTS = ", ".join(FORMATS)
_DEVICES: tuple[Place, ...] = ("cpu", "cuda", "gpu", "auto")
_SELECTIONS: tuple[Selection, ...] = ("last", "source_val", "target_entropy", "oracle")


@final
@dataclass(frozen=True)
class Images:
    """The two domains, and how their files are read."""

    source: Path = typer.Option("scenes/source", "--source", help="Folder with labels.")
    target: Path = typer.Option("scenes/target", "--target", help="Folder to adapt to.")
    source_layout: str = typer.Option(
        "cityscapes", "--source-layout", help=f"Where files are: {_LAYOUTS}."
    )
    target_layout: str = typer.Option(
        "cityscapes", "--target-layout", help="Likewise, of the target."
    )
    source_split: str = typer.Option(
        None, "--source-split", help="Part to train on; default: train where there are parts."
    )
    target_split: str = typer.Option(None, "--target-split", help="Part to adapt to, likewise.")
    val: str = typer.Option(
        None, "--val", help="Labelled part of the target to judge by; default: none."
    )
    source_val: str = typer.Option(
        None, "--source-val", help="Labelled part of the source for --select source_val."
    )
    labels: str = typer.Option(
        None, "--labels", help=f"Ids of the source: {', '.join(LABELS)}; default: its format's."
    )
    source_images: Path = typer.Option(
        None, "--source-images", help="Folder of images translated already, by the same names."
    )
    on_bad: str = typer.Option("refuse", "--on-bad", help="skip leaves out what cannot be read.")
    unknown_ids: str = typer.Option("refuse", "--unknown-ids", help="ignore maps them to ignored.")

    def asked(self) -> dict[str, Any]:
        """The same as the library takes it."""
        return {
            "source": self.source,
            "target": self.target,
            "source_format": one_of(FORMATS, self.source_layout, "--source-layout"),
            "target_format": one_of(FORMATS, self.target_layout, "--target-layout"),
            "source_split": self.source_split,
            "target_split": self.target_split,
            "val": self.val,
            "source_val": self.source_val,
            "source_labels": self.labels and one_of(LABELS, self.labels, "--labels"),
            "source_images": self.source_images,
            "on_bad": one_of(_ON_BAD, self.on_bad, "--on-bad"),
            "unknown_ids": one_of(_UNKNOWN, self.unknown_ids, "--unknown-ids"),
        }


@final
@dataclass(frozen=True)
class Course:
    """What the network is, and how it is trained."""

    preset: str = typer.Option("ci", "--preset", help="smoke, ci, gpu or paper.")
    size: str = typer.Option(None, "--size", help="Width x height; default: the preset's.")
    steps: int = typer.Option(None, "--steps", min=1, help="Steps; default: the preset's.")
    seed: int = typer.Option(0, "--seed", help="What all randomness is drawn from.")
    translate: str = typer.Option(
        "none", "--translate", help="Colors of the source: none, stats or fda."
    )
    initial: Path = typer.Option(
        None, "--initial", help="Weights of a ResNet-101 for the preset paper."
    )
    allow_partial: bool = typer.Option(
        False, "--allow-partial", help="Accept a file with less than 90 % of them."
    )

    def asked(self) -> dict[str, Any]:
        """The same as the library takes it."""
        return {
            **vars(self),
            "size": self.size and width_by_height(self.size),
            "translate": one_of(_TRANSLATIONS, self.translate, "--translate"),
        }


@final
@dataclass(frozen=True)
class Carrying:
    """Where trainings run, and which of their weights are judged."""

    device: str = typer.Option(
        "cpu", "--device", help="cpu, cuda, or auto: a GPU where there is one."
    )
    threads: int = typer.Option(1, "--threads", min=1, help="Threads of a training.")
    select: str = typer.Option(
        "last",
        "--select",
        help="Judge other weights, too: source_val, target_entropy, or oracle, by target labels.",
    )
    store: str = STORE

    def asked(self) -> dict[str, Any]:
        """The same as the library takes it."""
        return {
            **vars(self),
            "device": one_of(_DEVICES, self.device, "--device"),
            "select": selection_of(self.select),
        }


def selection_of(word: str) -> Selection:
    """What weights are selected by; another word is a wrong use of the command line."""
    return one_of(_SELECTIONS, word, "--select")


@spread
def train(
    row: str = typer.Argument("adv_stuff_inst", help="Row of the ablation, such as sim_st."),
    folder: Path = typer.Option("adaptation", "--out", help="Folder of weights and logs."),
    *,
    images: Images,
    course: Course,
    carrying: Carrying,
    shown: Shown,
) -> None:
    """Adapt a network to a folder of images without labels.

    Interrupted, it goes on with the same command, after the last step. `log.jsonl` in the folder of
    each stage has what is told while it trains.

    \b
    dlscope adapt train sim_st --source scenes/source --target scenes/target --val val
    dlscope adapt train --source GTA5 --source-layout gta5 --target cityscapes --translate fda
    """
    from dlscope import api

    request = api.AdaptationRequest(row=row, **images.asked(), **course.asked())
    with Stopping() as stopping, Steps("adapt train", many=True) as steps:
        report = api.train_adaptation(
            request,
            folder,
            **carrying.asked(),
            told=steps.told,
            should_stop=stopping.should_stop,
        )
    shown.show(report)
