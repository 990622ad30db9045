"""`run_stage`: a stage of training, from its start or from where it was killed.

Nothing is drawn but from the seed and the number of the step, so that a stage that was killed
goes on to the same weights, bit for bit, on one thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from dlscope.core.digest import digest
from dlscope.data.scene_classes import NAMES
from dlscope.methods.adaptation.feature_memory import FeatureMemory
from dlscope.methods.adaptation.health import health_warnings
from dlscope.methods.adaptation.options import AdaptationOptions
from dlscope.methods.adaptation.parts import parts_of
from dlscope.methods.adaptation.progress import Progress
from dlscope.methods.adaptation.stage import Stage, StageData, StageResult
from dlscope.methods.adaptation.stage_steps import StageSteps
from dlscope.training.checkpoints import Checkpoints
from dlscope.training.loop import TrainingLoop
from dlscope.zoo.segmenter.segmenter import Segmenter


def run_stage(
    stage: Stage,
    network: Segmenter,
    data: StageData,
    options: AdaptationOptions,
    folder: Path | None = None,
    *,
    told: Callable[[str, float], None] = lambda _step, _share: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> StageResult:
    """Train `network` in place; figures are means over what lies between two checkpoints.

    Goes on from the checkpoint in `folder`, where there is one, and writes its figures there.
    Raises `TrainingError`, naming the term and the images, where a loss is no number; the state
    of then is kept beside.
    """
    parts = parts_of(network, stage, options)
    chunk = options.checkpoint_every
    loop = TrainingLoop(
        parts.stateful,
        math.ceil(stage.steps / chunk),
        checkpoints=None if folder is None else Checkpoints(folder, _identity(stage, options)),
        name=stage.name,
    )
    images = stage.batch[0] + (stage.batch[1] if data.target is not None else 0)
    progress = Progress(stage.name, stage.steps, images, told, folder)
    steps = StageSteps(stage, parts, data, options, folder, progress)
    done = loop.run(
        lambda number: steps.carried_out(number * chunk, min((number + 1) * chunk, stage.steps)),
        should_stop=should_stop,
    )
    if done.ending != "stopped":
        parts.settle()
    memory = parts.stateful["memory"]
    lacking = _lacking(memory) if stage.weights.matches else ()
    return StageResult(done.ending, done.history, (*health_warnings(done.history), *lacking))


def _lacking(memory: FeatureMemory) -> tuple[str, ...]:
    """The classes that nothing was ever drawn to, in one sentence."""
    inactive = [
        f"{name}: {int(memory.stored[class_id])} stored vectors"
        for class_id, name in enumerate(NAMES)
        if not memory.is_active(class_id)
    ]
    return (f"not matched, for want of features: {'; '.join(inactive)}",) if inactive else ()


def _identity(stage: Stage, options: AdaptationOptions) -> str:
    return digest({"stage": asdict(stage), "options": asdict(options)})
