"""`run_stage`: a stage of training, from its start or from where it was killed.

Nothing is drawn but from the seed and the number of the step, so that a stage that was killed
goes on to the same weights, bit for bit, on one thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from dlscope.core.digest import digest
from dlscope.methods.adaptation.health import health_warnings
from dlscope.methods.adaptation.options import AdaptationOptions
from dlscope.methods.adaptation.parts import Parts, parts_of
from dlscope.methods.adaptation.progress import Progress
from dlscope.methods.adaptation.selecting import Selected, Selecting, best_checkpoint
from dlscope.methods.adaptation.stage import Stage, StageData, StageResult
from dlscope.methods.adaptation.stage_steps import StageSteps
from dlscope.methods.adaptation.unmatched import unmatched_of
from dlscope.training.checkpoint_series import CheckpointSeries
from dlscope.training.loop import Figures, TrainingLoop
from dlscope.zoo.segmenter.segmenter import Segmenter


def run_stage(
    stage: Stage,
    network: Segmenter,
    data: StageData,
    options: AdaptationOptions,
    folder: Path | None = None,
    *,
    selecting: Selecting | None = None,
    told: Callable[[str, float], None] = lambda _step, _share: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> StageResult:
    """Train `network` in place, where it is; figures are means over what lies between checkpoints.

    Goes on from the newest checkpoint in `folder`, where there is one, and writes its figures
    there; `selecting` needs it. Asked to stop it ends after the step at hand, and keeps that.
    Raises `TrainingError`, naming the term and the images, where a loss is no number; the state
    of then is kept beside.
    """
    parts = parts_of(network, stage, options)
    chunk = options.checkpoint_every
    images = stage.batch[0] + (stage.batch[1] if data.target is not None else 0)
    steps = StageSteps(
        stage,
        parts,
        data,
        options,
        folder,
        Progress(stage.name, stage.steps, images, told, folder),
        score=selecting.figures if selecting else lambda _network: {},
        should_stop=should_stop,
    )
    series = None if folder is None else _series(folder, stage, options, selecting)
    loop = TrainingLoop(
        {**parts.stateful, "steps": steps},
        math.ceil(stage.steps / chunk),
        checkpoints=series,
        name=stage.name,
    )
    done = loop.run(
        lambda number: steps.carried_out(number * chunk, min((number + 1) * chunk, stage.steps)),
        should_stop=should_stop,
    )
    if done.ending == "stopped":
        taken = len(done.history) * chunk + steps.since_checkpoint
        return StageResult(done.ending, done.history, steps=taken)
    parts.settle()
    selected, unselected = (
        _selected(selecting, series, done.history) if selecting and series else (None, ())
    )
    memory = parts.stateful["memory"]
    unmatched = unmatched_of(memory) if stage.weights.matches else {}
    warnings = (*health_warnings(done.history), *unselected)
    return StageResult(done.ending, done.history, warnings, stage.steps, selected, unmatched)


def _series(
    folder: Path, stage: Stage, options: AdaptationOptions, selecting: Selecting | None
) -> CheckpointSeries:
    identity = {"stage": asdict(stage), "options": asdict(options)}
    if selecting is None:
        return CheckpointSeries(folder, digest(identity))
    return CheckpointSeries(folder, digest({**identity, "by": selecting.by}), best_checkpoint)


def _selected(
    selecting: Selecting, series: CheckpointSeries, history: Sequence[Figures]
) -> tuple[Selected, tuple[str, ...]]:
    """The weights of the best checkpoint; the last ones, and a warning, where none counts."""
    best = best_checkpoint(history)
    number = len(history) if best is None else best
    state = Parts.judged_of(series.states_after(number))
    said = () if best else (f"no checkpoint counts for {selecting.by}: the last one is taken",)
    return Selected(selecting.by, int(history[number - 1]["step"]), state), said
