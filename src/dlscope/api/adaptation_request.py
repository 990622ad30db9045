"""`AdaptationRequest`: what a network is moved from and to, and by which recipe."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, final

from dlscope.api.command_line import command_of
from dlscope.core.errors import PlanError

if TYPE_CHECKING:
    from dlscope.data.labelled_scenes import OnBad, SceneFormat
    from dlscope.data.scene_files import LabelForm, UnknownIds
    from dlscope.methods.adaptation.domains import Domains
    from dlscope.methods.adaptation.options import AdaptationOptions
    from dlscope.methods.adaptation.selecting import Selection
    from dlscope.methods.adaptation.translating import Translation

_SPLITS = {"cityscapes": "train"}
_OPTIONS = {
    "source_format": "source_layout",
    "target_format": "target_layout",
    "source_labels": "labels",
}
"""Fields that the command line calls otherwise."""


@final
@dataclass(frozen=True)
class AdaptationRequest:
    """Folders of both domains, and how a row of the ablation is trained on them.

    Parts, where a domain has some, are those to train on; `val` is a labelled part of the target to
    judge by, `source_val` one of the source that weights may be selected by. `source_images` has
    the images of the source translated already; `initial` weights of a ResNet-101 for the preset
    `paper`. `size` is (width, height); it and `steps` are the preset's where they are not given.
    """

    source: Path
    target: Path
    row: str = "adv_stuff_inst"
    preset: str = "ci"
    seed: int = 0
    source_format: SceneFormat = "cityscapes"
    target_format: SceneFormat = "cityscapes"
    source_split: str | None = None
    target_split: str | None = None
    val: str | None = None
    source_val: str | None = None
    source_labels: LabelForm | None = None
    source_images: Path | None = None
    translate: Translation = "none"
    initial: Path | None = None
    allow_partial: bool = False
    on_bad: OnBad = "refuse"
    unknown_ids: UnknownIds = "refuse"
    size: tuple[int, int] | None = None
    steps: int | None = None

    def options(self) -> AdaptationOptions:
        """Everything that decides the training. Raises `PlanError` for an unknown preset."""
        from dlscope.methods.adaptation.options import preset_of

        options = preset_of(self.preset)
        return replace(
            options,
            size=self.size or options.size,
            steps=self.steps or options.steps,
            translate=self.translate,
            initial=str(self.initial or ""),
            allows_partial=self.allow_partial,
            seed=self.seed,
        )

    def command(self, folder: Path, device: str = "cpu", select: str = "last") -> str:
        """The command that trains this below `folder`."""
        usual = {each.name: each.default for each in fields(self)}
        given = {name: value for name, value in vars(self).items() if value != usual[name]}
        row = given.pop("row", self.row)
        told = {_OPTIONS.get(name, name): value for name, value in given.items()}
        told |= {"out": folder, "device": device, "select": select}
        return command_of(f"adapt train {row}", told, {"device": "cpu", "select": "last"})

    def domains(self) -> Domains:
        """What is trained on and judged by. Raises `PlanError` as `options` does."""
        from dlscope.methods.adaptation.domains import Domains
        from dlscope.methods.adaptation.pictures import DomainFolder

        source = DomainFolder(
            self.source,
            self.source_format,
            _split(self.source_split, self.source_format),
            self.source_labels,
            self.unknown_ids,
            self.on_bad,
            images_dir=self.source_images,
        )
        target = DomainFolder(
            self.target,
            self.target_format,
            _split(self.target_split, self.target_format),
            unknown_ids=self.unknown_ids,
            on_bad=self.on_bad,
        )
        return Domains(
            source,
            source if self.source_val is None else replace(source, split=self.source_val),
            target,
            replace(target, split=self.val or ""),
            self.options(),
        )

    def require_selectable(self, select: Selection) -> None:
        """Raise `PlanError` for a selection by labels of images that are not named."""
        lacking = {"source_val": self.source_val is None, "oracle": self.val is None}
        if lacking.get(select):
            whose, option = (
                ("target", "--val") if select == "oracle" else ("source", "--source-val")
            )
            raise PlanError(
                f"weights are to be selected by {select}, and no labelled part of the {whose} is "
                "there to select by",
                where="--select",
                fix=f"name one that is not trained on: {option} val",
            )


def _split(given: str | None, format: SceneFormat) -> str:
    return _SPLITS.get(format, "") if given is None else given
