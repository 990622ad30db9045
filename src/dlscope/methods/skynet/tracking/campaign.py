"""`train`: sequences drawn, appearances kept, a tracker trained and written, as a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import final

from dlscope.core.report import Report, Section
from dlscope.core.table import Column, Table
from dlscope.data.procedural.uav import uav_sequences
from dlscope.data.procedural.uav.presets import Preset
from dlscope.methods.skynet.tracking.appearances import collect
from dlscope.methods.skynet.tracking.pairs import PairSource
from dlscope.methods.skynet.tracking.training import (
    TrackerTraining,
    TrainedTracker,
    train_tracker,
)
from dlscope.methods.skynet.tracking.weights import load_trunk, save_tracker
from dlscope.reporting.curves import curves
from dlscope.training.determinism import reproducible
from dlscope.training.heeding import heeding
from dlscope.zoo.siamese.counting import counts_of
from dlscope.zoo.siamese.design import named_design
from dlscope.zoo.siamese.network import SiameseNetwork

TRAINING_COLUMNS = (
    Column("step", "int", "steps done", role="count"),
    Column("loss", "float", "mean loss since the row before", role="value"),
    Column("score_loss", "float", "its part of the scores", role="value"),
    Column("box_loss", "float", "its part of the boxes, without its weight", role="value"),
    Column(
        "mask_loss",
        "float",
        "its part of the masks, without its weight; none without them",
        role="value",
    ),
    Column("rate", "float", "learning rate at the end", role="value"),
)
_SCRATCH = "scratch"


@final
@dataclass(frozen=True)
class Campaign:
    """What is trained on what; see `train_skynet_tracker` for the fields."""

    design: str = "siamrpn-skynet-small"
    backbone: str = _SCRATCH
    preset: Preset = "hard"
    sequences: int = 300
    frames: int = 50
    per_sequence: int = 8
    iterations: int = 1600
    batch: int = 16
    rate: float = 3e-3
    seed: int = 0


def train(
    campaign: Campaign,
    folder: Path,
    output: Path,
    threads: int = 1,
    *,
    told: Callable[[str, float], None] = lambda _step, _share: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Report:
    """Train into `folder` and write the tracker to `output`; table `tracker_training`.

    Asked to stop it ends after the step at hand, keeps that and raises `KeyboardInterrupt`.
    Raises `GraphError` for an unknown design, `DataError` for a backbone that does not fit,
    `TrainingError` for a loss that is no number.
    """
    design = named_design(campaign.design)
    options = TrackerTraining(
        campaign.iterations,
        campaign.batch,
        campaign.rate,
        campaign.seed,
        every=min(100, campaign.iterations),
        has_trained_trunk=campaign.backbone != _SCRATCH,
    )
    drawing = heeding(told, should_stop)
    with reproducible(campaign.seed, threads=threads):
        network = SiameseNetwork(design)
        if campaign.backbone != _SCRATCH:
            load_trunk(network, Path(campaign.backbone))
        seen = collect(
            uav_sequences(
                campaign.preset, "train", campaign.sequences, campaign.frames, seed=campaign.seed
            ),
            design,
            campaign.per_sequence,
            seed=campaign.seed,
            told=lambda done, of: drawing(f"drawing {of} sequences", done / of),
        )
        pairs = PairSource(seen, design, counts_of(design).response, seed=campaign.seed)
        trained = train_tracker(network, pairs, options, folder, told=told, should_stop=should_stop)
    if trained.ending == "stopped":
        raise KeyboardInterrupt(
            f"{campaign.design} stopped after step {trained.steps} of {options.iterations}, "
            f"which is kept in {folder}"
        )
    save_tracker(output, network)
    return _report(campaign, options, trained, len(seen), output)


def _report(
    campaign: Campaign,
    options: TrackerTraining,
    trained: TrainedTracker,
    appearances: int,
    output: Path,
) -> Report:
    rows = [
        {"step": min((number + 1) * options.every, options.iterations), **figures}
        for number, figures in enumerate(trained.history)
    ]
    table = Table.of("tracker_training", TRAINING_COLUMNS, rows)
    lines = (("loss", "loss"), ("score_loss", "scores"), ("box_loss", "boxes"))
    figure = curves(table, "step", lines, title="Loss", unit_title="Mean loss")
    return Report(
        title="Training of a tracker",
        answer=f"{campaign.design} is trained after {trained.steps} steps of {options.batch} "
        f"pairs from {appearances} appearances in {campaign.sequences} sequences; the last mean "
        f"loss is {rows[-1]['loss']:.3f}.",
        tables=(table,),
        sections=(Section("Loss", (figure, table)),),
        next_commands=(
            (
                f"dlscope skynet track --weights {output} --preset {campaign.preset}",
                "follow objects that it has never seen",
            ),
        ),
    )
