"""`Trained`: a network with the history of its stage, as a file that is whole or not there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from dlscope.core.errors import TrainingError
from dlscope.methods.adaptation.options import PRESETS, AdaptationOptions
from dlscope.methods.adaptation.recipes import in_order
from dlscope.methods.adaptation.selecting import Selected, Selection
from dlscope.methods.adaptation.unmatched import Unmatched
from dlscope.training.checkpoint_series import CheckpointSeries
from dlscope.training.loop import Figures
from dlscope.training.tensor_file import read_tensors, write_tensors
from dlscope.zoo.segmenter.named import segmenter
from dlscope.zoo.segmenter.segmenter import Segmenter

WEIGHTS, _MOST_TOLD = "network.pt", 4


@final
@dataclass(frozen=True)
class Trained:
    """A network in evaluation mode, what its stage said of itself, and what that took.

    It has the last weights. `device` tells where it was trained, `selected` are weights of an
    earlier checkpoint that were selected beside them, `unmatched` the classes that nothing was
    drawn to.
    """

    network: Segmenter
    history: tuple[Figures, ...]
    cpu_s: float
    wall_s: float
    kept: float | None = None
    warnings: tuple[str, ...] = ()
    device: str = "cpu"
    selected: Selected | None = None
    unmatched: Unmatched = field(default_factory=dict)

    def step_of(self, weights: Selection) -> int | None:
        """The step of the stage that the last or the selected weights are of, if it took steps."""
        if weights != "last" and self.selected is not None:
            return self.selected.step
        return int(self.history[-1]["step"]) if self.history else None


def trained_network(
    folder: Path,
    row: str,
    seed: int,
    options: AdaptationOptions,
    select: Selection = "last",
) -> Segmenter:
    """The network of a row that was trained below `folder`.

    Raises `TrainingError` for another, and `PlanError` for a row that there is not.
    """
    path = folder / f"seed-{seed}" / row / WEIGHTS
    if not path.is_file():
        in_order([row])
        raise TrainingError(
            f"row {row!r} of seed {seed} was not trained there",
            where=str(folder),
            fix=f"train it: dlscope adapt ablate {_preset(options)}--rows {row} --seeds {seed} "
            f"--out {folder}",
        )
    trained = read_trained(path, new_network(options))
    return trained.network if select == "last" else selected_network(trained, options, select, path)


def _preset(options: AdaptationOptions) -> str:
    """The option of the command line that names `options`; nothing for those of no preset."""
    names = [name for name, each in PRESETS.items() if each == options]
    return f"--preset {names[0]} " if names else ""


def selected_network(
    trained: Trained, options: AdaptationOptions, by: Selection, path: Path
) -> Segmenter:
    """The weights that were selected `by` that, in a network where the trained one is.

    Raises `TrainingError` where they were not, naming the file `path`.
    """
    selected = trained.selected
    if selected is None or selected.by != by:
        raise TrainingError(
            f"no weights were selected by {by} when this was trained",
            where=str(path),
            fix=f"train into a folder of its own, with --select {by}",
        )
    network = new_network(options)
    network.load_state_dict(selected.state)
    network.eval().to(trained.network.device)
    return network


def new_network(options: AdaptationOptions) -> Segmenter:
    """The network that `options` name, freshly initialised."""
    return segmenter(options.network, **({"aspp": options.aspp} if options.aspp else {}))


def write_trained(path: Path, trained: Trained) -> None:
    """Keep a network whole or not at all, and remove the checkpoints that led to it."""
    selected = trained.selected
    whole: dict[str, Any] = {
        "network": trained.network.name,
        "state": trained.network.state_dict(),
        "history": list(trained.history),
        "cpu_s": trained.cpu_s,
        "wall_s": trained.wall_s,
        "kept": trained.kept,
        "warnings": list(trained.warnings),
        "device": trained.device,
        "selected": selected and vars(selected),
        "unmatched": dict(trained.unmatched),
    }
    write_tensors(path, whole)
    CheckpointSeries(path.parent, "").remove()


def read_trained(path: Path, network: Segmenter) -> Trained:
    """What was kept. Raises `TrainingError` for a damaged file, and for another network's."""
    whole = read_tensors(path, what="weights", fix="remove the file, to train the row again")
    _require_fitting(whole["network"], whole["state"], network, path)
    network.load_state_dict(whole["state"])
    return Trained(
        network.eval(),
        tuple(whole["history"]),
        whole["cpu_s"],
        whole["wall_s"],
        whole["kept"],
        tuple(whole["warnings"]),
        whole.get("device", "cpu"),
        Selected(**whole["selected"]) if whole.get("selected") else None,
        whole.get("unmatched", {}),
    )


def _require_fitting(name: str, state: Mapping[str, Any], network: Segmenter, path: Path) -> None:
    own = network.state_dict()
    differing = (
        [f"network {name} there, {network.name} is asked"]
        if name != network.name
        else [
            f"{key} {_shape(state.get(key))} there, {_shape(own.get(key))} is asked"
            for key in dict.fromkeys([*state, *own])
            if _shape(state.get(key)) != _shape(own.get(key))
        ]
    )
    if differing:
        raise TrainingError(
            f"the weights are of another network: {'; '.join(differing[:_MOST_TOLD])}",
            where=str(path),
            fix="name the preset that was trained with",
        )


def _shape(value: Any) -> str:
    return "missing" if value is None else "×".join(map(str, value.shape)) or "one number"
