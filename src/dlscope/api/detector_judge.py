"""`DetectorJudge`: how good stacked networks are as detectors, for a search that trains them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from dlscope.methods.codesign.bottom_up.judging import Weights
    from dlscope.methods.skynet.detection_scores import DetectionScores
    from dlscope.methods.skynet.detector_training.recipes import Recipe
    from dlscope.methods.skynet.prepared_images import PreparedImages
    from dlscope.zoo.bundles.layout import StackedLayout

_SCALES = (0.8, 0.9, 1.0, 1.1, 1.2)


@final
class DetectorJudge:
    """Trains stacked networks as detectors, and tells their mean IoU on `judged`."""

    def __init__(
        self,
        train: PreparedImages,
        judged: PreparedImages,
        *,
        recipe: Recipe,
        iterations: int,
        threads: int,
        seed: int,
    ) -> None:
        self._train, self._judged, self._recipe = train, judged, recipe
        self._iterations, self._threads, self._seed = iterations, threads, seed

    def accuracy(
        self, network: StackedLayout, epochs: int, start_weights: Weights | None
    ) -> tuple[float, Weights]:
        """Mean IoU after `epochs`, and what was learnt."""
        scores, weights = self.scored(network, epochs, start_weights)
        return scores.mean_iou, weights

    def scored(
        self, network: StackedLayout, epochs: int, start_weights: Weights | None = None
    ) -> tuple[DetectionScores, Weights]:
        """Everything that the images tell after `epochs`, and what was learnt."""
        from dlscope.methods.skynet.detection_scores import evaluate_detector
        from dlscope.methods.skynet.detector_training.training import (
            TrainingOptions,
            train_detector,
        )
        from dlscope.zoo.bundles.network import build, inherit
        from dlscope.zoo.skynet.network import state_of

        module = build(network, seed=self._seed)
        if start_weights is not None:
            inherit(module, start_weights)
        options = TrainingOptions(
            recipe=self._recipe,
            iterations=epochs * self._iterations,
            seed=self._seed,
            threads=self._threads,
        )
        trained = train_detector(module, self._train, options)
        scores = evaluate_detector(trained.predict, self._judged)
        return scores, state_of(trained.network)


def judged_recipes() -> dict[str, Recipe]:
    """How networks are trained, by the name of the judge: on images of one size or of several."""
    from dlscope.methods.skynet.detector_training.recipes import IOU

    phases = tuple(replace(phase, scales=_SCALES) for phase in IOU.phases)
    return {"plain": IOU, "multi_scale": replace(IOU, name="iou_scales", phases=phases)}
