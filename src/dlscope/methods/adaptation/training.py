"""`Training`: the stages of one seed, each kept as a file of weights that the next begins with."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import torch

from dlscope.core.errors import TrainingError
from dlscope.methods.adaptation.domains import Domains
from dlscope.methods.adaptation.labelling import self_labels
from dlscope.methods.adaptation.options import AdaptationOptions, LossWeights
from dlscope.methods.adaptation.recipes import RECIPES, WARM_START
from dlscope.methods.adaptation.stage import Stage, StageData, run_stage
from dlscope.training.determinism import reproducible
from dlscope.training.loop import Figures
from dlscope.zoo.segmenter.named import segmenter
from dlscope.zoo.segmenter.segmenter import Segmenter

Told = Callable[[str, float], None]
_ROW_SEED = 1000
_WEIGHTS = "network.pt"


@final
@dataclass(frozen=True)
class Trained:
    """A network in evaluation mode, what its stage said of itself, and what that took."""

    network: Segmenter
    history: tuple[Figures, ...]
    cpu_s: float
    wall_s: float
    kept: float | None = None


@final
class Training:
    """All stages of one `seed` below `folder`; what is finished there is read, not trained again.

    `threads` of torch decide the order of sums: the same weights need the same threads.
    """

    def __init__(
        self,
        folder: Path,
        domains: Domains,
        seed: int,
        *,
        threads: int = 1,
        told: Told = lambda _step, _share: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._folder, self._domains, self._seed = folder, domains, seed
        self._threads, self._told, self._should_stop = threads, told, should_stop
        self._options = domains.options

    def row(self, name: str) -> Trained:
        """The network of a row of `RECIPES`, or of the warm start, trained if it is not yet."""
        path = self._weights(name)
        if path.is_file():
            return _read(path, self._fresh())
        start = None if name == WARM_START else self.row(RECIPES[name].start).network
        with reproducible(self._seed, threads=self._threads):
            trained = self._warmed(name) if start is None else self._adapted(name, start)
        _write(path, trained)
        return trained

    def _warmed(self, name: str) -> Trained:
        options = self._options
        stage = Stage(
            name,
            options.warm_up_steps,
            options.warm_up_rate,
            (options.warm_up_batch, 1),
            LossWeights(),
            self._seed,
        )
        return self._staged(stage, self._fresh(), StageData(self._domains.source_pictures))

    def _adapted(self, name: str, network: Segmenter) -> Trained:
        recipe, options, domains = RECIPES[name], self._options, self._domains
        seed = _ROW_SEED + self._seed
        steps = options.steps * (options.online.steps if recipe.is_online else 1)
        stage = Stage(
            name, steps, options.rate, options.batch, recipe.weights, seed, recipe.is_online
        )
        if recipe.labels == "true":
            data = StageData(domains.target_pictures_with_labels)
        elif recipe.labels == "own":
            own = self_labels(network, domains.target_pictures)
            data = StageData(domains.source_pictures, domains.target_pictures, own.labels)
            return self._staged(stage, network, data, kept=own.kept)
        else:
            data = StageData(domains.source_pictures, domains.target_pictures)
        return self._staged(stage, network, data)

    def _staged(
        self, stage: Stage, network: Segmenter, data: StageData, *, kept: float | None = None
    ) -> Trained:
        cpu_s, wall_s = time.process_time(), time.monotonic()
        done = run_stage(
            stage,
            network,
            data,
            self._options,
            self._weights(stage.name).parent,
            told=self._told,
            should_stop=self._should_stop,
        )
        if done.ending == "stopped":
            raise KeyboardInterrupt
        took = time.process_time() - cpu_s, time.monotonic() - wall_s
        return Trained(network.eval(), done.history, *took, kept)

    def _fresh(self) -> Segmenter:
        options = {"aspp": self._options.aspp} if self._options.aspp else {}
        with reproducible(self._seed, threads=self._threads):
            return segmenter(self._options.network, **options)

    def _weights(self, name: str) -> Path:
        return self._folder / f"seed-{self._seed}" / name / _WEIGHTS


def trained_network(folder: Path, row: str, seed: int, options: AdaptationOptions) -> Segmenter:
    """The network of a row that was trained below `folder`. Raises `TrainingError` for another."""
    path = folder / f"seed-{seed}" / row / _WEIGHTS
    if not path.is_file():
        raise TrainingError(
            f"row {row!r} of seed {seed} was not trained there",
            where=str(folder),
            fix=f"train it: dlscope adapt ablate --rows {row} --seeds {seed} --out {folder}",
        )
    own = {"aspp": options.aspp} if options.aspp else {}
    return _read(path, segmenter(options.network, **own)).network


def _write(path: Path, trained: Trained) -> None:
    """Keep a network whole or not at all, and remove the checkpoint that led to it."""
    whole: dict[str, Any] = {
        "state": trained.network.state_dict(),
        "history": list(trained.history),
        "cpu_s": trained.cpu_s,
        "wall_s": trained.wall_s,
        "kept": trained.kept,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}.tmp")
    torch.save(whole, beside)
    beside.replace(path)
    (path.parent / "checkpoint.pt").unlink(missing_ok=True)


def _read(path: Path, network: Segmenter) -> Trained:
    whole = torch.load(path, weights_only=True, map_location="cpu")
    network.load_state_dict(whole["state"])
    history = tuple(whole["history"])
    return Trained(network.eval(), history, whole["cpu_s"], whole["wall_s"], whole["kept"])
