"""`train_adaptation`: one recipe on folders of your own, whichever format they have."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dlscope.api.watcher import Told, tell_nobody

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.data.labelled_scenes import OnBad, SceneFormat
    from dlscope.data.scene_files import LabelForm, UnknownIds
    from dlscope.methods.adaptation.domains import Domains
    from dlscope.methods.adaptation.options import AdaptationOptions
    from dlscope.methods.adaptation.training import Training
    from dlscope.methods.adaptation.translating import Translation

_SPLITS = {"cityscapes": "train"}


def train_adaptation(
    source: Path,
    target: Path,
    folder: Path,
    *,
    row: str = "adv_stuff_inst",
    preset: str = "ci",
    seed: int = 0,
    threads: int = 1,
    source_format: SceneFormat = "cityscapes",
    target_format: SceneFormat = "cityscapes",
    source_split: str | None = None,
    target_split: str | None = None,
    val: str | None = None,
    source_labels: LabelForm | None = None,
    source_images: Path | None = None,
    translate: Translation = "none",
    initial: Path | None = None,
    allow_partial: bool = False,
    on_bad: OnBad = "refuse",
    unknown_ids: UnknownIds = "refuse",
    size: tuple[int, int] | None = None,
    steps: int | None = None,
    told: Told = tell_nobody,
) -> Report:
    """Train a row of the ablation, and those that it starts from, below `folder`.

    The labels of `target` are opened in its part `val` alone, to judge the last weights.
    `source_images` has the images of the source translated already; `initial` weights of a
    ResNet-101 for the preset `paper`. What was interrupted goes on with the same call.

    Raises `PlanError` for an unknown preset or row, `DataError` for files that cannot be read,
    `TrainingError` where other options were trained with in `folder`.
    """
    from dlscope.methods.adaptation.asked import require_same
    from dlscope.methods.adaptation.domains import Domains
    from dlscope.methods.adaptation.options import preset_of
    from dlscope.methods.adaptation.pictures import DomainFolder
    from dlscope.methods.adaptation.recipes import in_order
    from dlscope.methods.adaptation.training import Training

    in_order([row])
    options = _options(preset_of(preset), size, steps)
    options = replace(
        options,
        translate=translate,
        initial=str(initial or ""),
        allows_partial=allow_partial,
        seed=seed,
    )
    of_source = DomainFolder(
        source,
        source_format,
        _split(source_split, source_format),
        source_labels,
        unknown_ids,
        on_bad,
        images_dir=source_images,
    )
    of_target = DomainFolder(
        target,
        target_format,
        _split(target_split, target_format),
        unknown_ids=unknown_ids,
        on_bad=on_bad,
    )
    judges = replace(of_target, split=val or "")
    domains = Domains(of_source, of_source, of_target, judges, options)
    require_same(folder, asdict(domains))
    training = Training(folder, domains, seed, threads=threads, told=told)
    export = f"dlscope adapt export {row} --seed {seed} --preset {preset} --out {folder}"
    return _report(row, training, domains, export, is_judged=val is not None)


def _report(
    row: str, training: Training, domains: Domains, export: str, *, is_judged: bool
) -> Report:
    from dlscope.methods.adaptation.evaluating import evaluated
    from dlscope.methods.adaptation.looking import target_pictures
    from dlscope.methods.adaptation.recipes import WARM_START, in_order, told_of
    from dlscope.methods.adaptation.training_report import training_report

    stages = {each: training.row(each) for each in (WARM_START, *in_order([row]))}
    seen = domains.target_judges if is_judged else domains.target_pictures
    split = domains.options.rules.split
    scores = (
        {each: evaluated(stages[each].network, seen, split) for each in (WARM_START, row)}
        if is_judged
        else {}
    )
    networks = {told_of(each): stages[each].network for each in (WARM_START, row)}
    return training_report(
        row,
        stages,
        scores,
        pictures=target_pictures(networks, seen),
        warnings=domains.warnings(),
        next_commands=((export, "as ONNX with its manifest"),),
    )


def _options(
    options: AdaptationOptions, size: tuple[int, int] | None, steps: int | None
) -> AdaptationOptions:
    sized = options if size is None else replace(options, size=size)
    return sized if steps is None else replace(sized, steps=steps)


def _split(given: str | None, format: SceneFormat) -> str:
    return _SPLITS.get(format, "") if given is None else given
