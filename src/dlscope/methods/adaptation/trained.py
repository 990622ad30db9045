"""`Trained`: a network with the history of its stage, as a file that is whole or not there."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import torch

from dlscope.core.errors import TrainingError
from dlscope.core.whole_file import whole_file
from dlscope.methods.adaptation.options import AdaptationOptions
from dlscope.training.loop import Figures
from dlscope.zoo.segmenter.named import segmenter
from dlscope.zoo.segmenter.segmenter import Segmenter

WEIGHTS, _MOST_TOLD = "network.pt", 4


@final
@dataclass(frozen=True)
class Trained:
    """A network in evaluation mode, what its stage said of itself, and what that took."""

    network: Segmenter
    history: tuple[Figures, ...]
    cpu_s: float
    wall_s: float
    kept: float | None = None
    warnings: tuple[str, ...] = ()


def trained_network(folder: Path, row: str, seed: int, options: AdaptationOptions) -> Segmenter:
    """The network of a row that was trained below `folder`. Raises `TrainingError` for another."""
    path = folder / f"seed-{seed}" / row / WEIGHTS
    if not path.is_file():
        raise TrainingError(
            f"row {row!r} of seed {seed} was not trained there",
            where=str(folder),
            fix=f"train it: dlscope adapt ablate --rows {row} --seeds {seed} --out {folder}",
        )
    return read_trained(path, new_network(options)).network


def new_network(options: AdaptationOptions) -> Segmenter:
    """The network that `options` name, freshly initialised."""
    return segmenter(options.network, **({"aspp": options.aspp} if options.aspp else {}))


def write_trained(path: Path, trained: Trained) -> None:
    """Keep a network whole or not at all, and remove the checkpoint that led to it."""
    whole: dict[str, Any] = {
        "network": trained.network.name,
        "state": trained.network.state_dict(),
        "history": list(trained.history),
        "cpu_s": trained.cpu_s,
        "wall_s": trained.wall_s,
        "kept": trained.kept,
        "warnings": list(trained.warnings),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as part:
        torch.save(whole, part)
    (path.parent / "checkpoint.pt").unlink(missing_ok=True)


def read_trained(path: Path, network: Segmenter) -> Trained:
    """What was kept. Raises `TrainingError` for a damaged file, and for another network's."""
    try:
        whole = torch.load(path, weights_only=True, map_location="cpu")
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise TrainingError(
            f"the weights cannot be read: {(str(error) or type(error).__name__).splitlines()[0]}",
            where=str(path),
            fix="remove the file, to train the row again",
        ) from None
    _require_fitting(whole["network"], whole["state"], network, path)
    network.load_state_dict(whole["state"])
    return Trained(
        network.eval(),
        tuple(whole["history"]),
        whole["cpu_s"],
        whole["wall_s"],
        whole["kept"],
        tuple(whole["warnings"]),
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
