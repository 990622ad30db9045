"""Segmentation moved to a new domain: `make_scenes`, `check_scenes`, `ablate_adaptation`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dlscope.api.command_line import command_of
from dlscope.api.kept import keep
from dlscope.api.watcher import Told, never, tell_nobody

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.data.labelled_scenes import SceneFormat
    from dlscope.data.scene_files import LabelForm
    from dlscope.methods.adaptation.selecting import Selection
    from dlscope.training.launching import Place

_USUAL = {"preset": "ci", "seeds": "0,1,2", "device": "cpu", "select": "last"}
"""What options of an ablation are where they are not given."""


def make_scenes(
    folder: Path,
    *,
    size: tuple[int, int] = (192, 96),
    source: int = 500,
    target: int = 400,
    val: int = 80,
    seed: int = 0,
    gap: float = 0.55,
    workers: int = 1,
    told: Told = tell_nobody,
) -> int:
    """Write a pair of domains of drawn street scenes below `folder`; how many images there are.

    `size` is (width, height). `gap` says how differently the target looks, 0…1. The labels of its
    training images are kept apart, where no training reads them. Raises `DataError` for what
    cannot be drawn, and where other scenes are.
    """
    from dlscope.data.procedural.scenes.folder import ScenePair, write_scenes

    pair = ScenePair(source=source, target=target, val=val, size=size, seed=seed, gap=gap)
    written = write_scenes(
        folder,
        pair,
        workers=workers,
        told=lambda done, of: told(f"drawing {of} scenes", done / of),
    )
    return len(written)


def check_scenes(
    root: Path,
    *,
    format: SceneFormat = "cityscapes",
    split: str = "train",
    labels: LabelForm | None = None,
    is_labelled: bool = True,
    told: Told = tell_nobody,
) -> Report:
    """Every fault in the files of a data set of labelled scenes. Raises `DataError` for none."""
    from dlscope.methods.adaptation.checking import check_scenes as checked
    from dlscope.methods.adaptation.pictures import DomainFolder

    folder = DomainFolder(root, format, split, labels)
    return checked(folder, is_labelled=is_labelled, told=told)


def ablate_adaptation(
    scenes: Path,
    folder: Path,
    *,
    preset: str = "ci",
    rows: Sequence[str] = (),
    seeds: Sequence[int] = (0, 1, 2),
    device: Place = "cpu",
    threads: int = 1,
    select: Selection = "last",
    store: str | None = None,
    told: Told = tell_nobody,
    should_stop: Callable[[], bool] = never,
) -> Report:
    """Rows × seeds on the pair of domains in `scenes`, trained below `folder`; all rows by default.

    What is finished there is not trained again. `device`, `select` and `should_stop` are those of
    `train_adaptation`; rows are compared by their last weights. Raises `PlanError` for an unknown
    preset or row, `TrainingError` without the device, and where other options were trained with.
    """
    from dlscope.methods.adaptation.ablation import Ablation
    from dlscope.methods.adaptation.ablation_report import ablation_report, best_adapted
    from dlscope.methods.adaptation.domains import Domains
    from dlscope.methods.adaptation.looking import target_pictures
    from dlscope.methods.adaptation.options import preset_of
    from dlscope.methods.adaptation.recipes import all_rows, told_of
    from dlscope.methods.adaptation.trained import trained_network
    from dlscope.training.launching import device_of

    options, place = preset_of(preset), device_of(device)
    domains = Domains.of_scenes(scenes, options)
    ablation = Ablation(folder, domains, threads=threads, device=place, select=select)
    wanted = list(rows) or all_rows(options.network)
    results = ablation.run(wanted, list(seeds), told=told, should_stop=should_stop)
    trained, best = {each["row"] for each in results}, best_adapted(results)
    networks = {
        told_of(row): trained_network(folder, row, seeds[0], options)
        for row in ("source", best)
        if row is not None and row in trained
    }
    pictures = target_pictures(networks, domains.target_judges) if networks else ()
    command = command_of(
        "adapt ablate",
        {
            "scenes": scenes,
            "out": folder,
            "preset": preset,
            "rows": ",".join(rows) or None,
            "seeds": ",".join(map(str, seeds)),
            "device": device,
            "select": select,
        },
        _USUAL,
    )
    warnings = domains.warnings()
    report = ablation_report(results, pictures=pictures, warnings=warnings, command=command)
    return keep(report, "adapt", "ablate", store=store)


def export_adapted(
    folder: Path,
    row: str,
    seed: int,
    output: Path,
    *,
    preset: str = "ci",
    select: Selection = "last",
) -> tuple[Path, str]:
    """A row of an ablation as an ONNX file and its manifest; what was checked, in words.

    Its last weights, or those that were selected beside them by `select`. Raises `TrainingError`
    for a row that was not trained, or not so, and where ONNX Runtime and torch differ.
    """
    from dlscope.methods.adaptation.exporting import export, write_manifest
    from dlscope.methods.adaptation.options import preset_of
    from dlscope.methods.adaptation.recipes import told_of
    from dlscope.methods.adaptation.selecting import told_of_selection
    from dlscope.methods.adaptation.trained import trained_network

    options = preset_of(preset)
    network = trained_network(folder, row, seed, options, select)
    weights = "last weights" if select == "last" else f"selected by {told_of_selection(select)}"
    parity = export(network, output, options.size)
    manifest = write_manifest(
        network,
        output,
        options.size,
        name=output.stem,
        described=f"A segmentation network adapted to a new domain: {told_of(row)}, seed {seed}, "
        f"{weights}.",
    )
    return manifest, (
        f"{100 * parity.equal:.3f} % of the classes as in torch, "
        f"logits within {parity.difference:.1e}"
    )


def explain_adversarial(*, store: str | None = None) -> Report:
    """Why the adversarial loss is unstable, as gradients between two Gaussians."""
    from dlscope.methods.adaptation.instability_report import instability_report

    return keep(instability_report(), "adapt", "explain-adversarial", store=store)
