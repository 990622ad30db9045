"""`Training`: the stages of one seed, each kept as a file of weights that the next begins with."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, final

import torch

from dlscope.methods.adaptation.batch_statistics import adapt_statistics
from dlscope.methods.adaptation.domains import Domains
from dlscope.methods.adaptation.labelling import self_labels
from dlscope.methods.adaptation.options import AdaptationOptions, LossWeights
from dlscope.methods.adaptation.recipes import RECIPES, WARM_START, Recipe, is_selectable
from dlscope.methods.adaptation.selecting import Selecting, Selection
from dlscope.methods.adaptation.stage import Stage, StageData
from dlscope.methods.adaptation.stage_run import run_stage
from dlscope.methods.adaptation.trained import (
    WEIGHTS,
    Trained,
    new_network,
    read_trained,
    selected_network,
    write_trained,
)
from dlscope.training.determinism import reproducible, undetermined
from dlscope.training.launching import name_of
from dlscope.zoo.segmenter.caffe_weights import load_caffe_weights
from dlscope.zoo.segmenter.segmenter import Segmenter

Told = Callable[[str, float], None]
_ROW_SEED = 1000


@final
class Training:
    """All stages of one `seed` below `folder`; what is finished there is read, not trained again.

    `threads` of torch decide the order of sums: the same weights need the same threads, and the
    same `device`. What `select` names is selected beside the last weights of each row; stages go
    on from the last ones. Asked to stop it raises `KeyboardInterrupt` that tells where it is.
    """

    def __init__(
        self,
        folder: Path,
        domains: Domains,
        seed: int,
        *,
        threads: int = 1,
        device: Any = "cpu",
        select: Selection = "last",
        told: Told = lambda _step, _share: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._folder, self._domains, self._seed = folder, domains, seed
        self._threads, self._told, self._should_stop = threads, told, should_stop
        self._options = domains.options
        self._device = torch.device(device)
        self._select: Selection = select
        self._selecting = None if select == "last" else Selecting(select, domains)

    def row(self, name: str) -> Trained:
        """The network of a row of `RECIPES`, or of the warm start, trained if it is not yet."""
        path = self.file(name)
        if path.is_file():
            kept = read_trained(path, new_network(self._options))
            kept.network.to(self._device)
            return kept
        start = None if name == WARM_START else self.row(RECIPES[name].start).network
        is_strict = self._device.type == "cpu"
        with self._reproducible(is_strict=is_strict), undetermined() as found:
            trained = self._warmed(name) if start is None else self._adapted(name, start)
        differing = (f"may differ from run to run: {', '.join(found)}",) if found else ()
        told = (*trained.warnings, *differing)
        trained = replace(trained, warnings=told, device=name_of(self._device))
        write_trained(path, trained)
        return trained

    def selected(self, name: str) -> Segmenter | None:
        """The network of a row with the weights that were selected; None for the last alone.

        Raises `TrainingError` where the row was trained, and these were not selected then.
        """
        if self._select == "last" or not is_selectable(name):
            return None
        return selected_network(self.row(name), self._options, self._select, self.file(name))

    def file(self, name: str) -> Path:
        """Where the weights of a row are kept."""
        return self._folder / f"seed-{self._seed}" / name / WEIGHTS

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
        network, said = self._fresh()
        trained = self._staged(stage, network, StageData(self._domains.source_pictures), options)
        return replace(trained, warnings=(*said, *trained.warnings))

    def _adapted(self, name: str, network: Segmenter) -> Trained:
        recipe, domains = RECIPES[name], self._domains
        options = self._options.guarded() if recipe.is_guarded else self._options
        if recipe.kind == "statistics":
            return self._measured(network)
        stage = _stage(name, recipe, options, self._seed)
        if recipe.labels == "true":
            data = StageData(domains.target_pictures_with_labels)
            return self._staged(stage, network, data, options)
        if recipe.labels == "none":
            data = StageData(domains.source_pictures, domains.target_pictures)
            return self._staged(stage, network, data, options)
        own = self_labels(network, domains.target_pictures)
        data = StageData(domains.source_pictures, domains.target_pictures, own.labels)
        begins = self.row(WARM_START).network if options.restarts else network
        return self._staged(stage, begins, data, options, kept=own.kept)

    def _measured(self, network: Segmenter) -> Trained:
        """No step, but the statistics of normalisations measured on the target."""
        cpu_s, wall_s = time.process_time(), time.monotonic()
        layers = adapt_statistics(network, self._domains.target_pictures)
        took = time.process_time() - cpu_s, time.monotonic() - wall_s
        said = () if layers else (f"{network.name} keeps no statistics: adabn is source",)
        return Trained(network.eval(), (), *took, warnings=said)

    def _staged(
        self,
        stage: Stage,
        network: Segmenter,
        data: StageData,
        options: AdaptationOptions,
        *,
        kept: float | None = None,
    ) -> Trained:
        cpu_s, wall_s = time.process_time(), time.monotonic()
        done = run_stage(
            stage,
            network,
            data,
            options,
            self.file(stage.name).parent,
            selecting=self._selecting if is_selectable(stage.name) else None,
            told=self._told,
            should_stop=self._should_stop,
        )
        if done.ending == "stopped":
            raise KeyboardInterrupt(
                f"{stage.name} of seed {self._seed} stopped after step {done.steps} of "
                f"{stage.steps}, which is kept in {self.file(stage.name).parent}"
            )
        took = time.process_time() - cpu_s, time.monotonic() - wall_s
        trained = Trained(network.eval(), done.history, *took, kept, done.warnings)
        return replace(trained, selected=done.selected, unmatched=done.unmatched)

    def _fresh(self) -> tuple[Segmenter, tuple[str, ...]]:
        """A network before any training, and what its file of weights left open."""
        options = self._options
        with self._reproducible():
            network = new_network(options).to(self._device)
        if not options.initial:
            return network, ()
        path = Path(options.initial)
        loaded = load_caffe_weights(network, path, allows_partial=options.allows_partial)
        self._told(f"{path.name}: {loaded}", 0.0)
        return network, (f"{path.name}: {loaded}",) if loaded.skipped or loaded.missing else ()

    def _reproducible(self, *, is_strict: bool = True) -> AbstractContextManager[None]:
        return reproducible(self._seed, threads=self._threads, is_strict=is_strict)


def _stage(name: str, recipe: Recipe, options: AdaptationOptions, seed: int) -> Stage:
    """The stage of a row that takes steps."""
    is_online = recipe.kind == "online"
    times = options.online.steps if is_online else 1 + options.online.steps * recipe.is_long
    weights = recipe.weights(options)
    steps = options.steps * times
    return Stage(name, steps, options.rate, options.batch, weights, _ROW_SEED + seed, is_online)
