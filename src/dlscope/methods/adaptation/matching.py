"""What draws features of the target to remembered ones: stuff and instance matching.

    L_stuff  = Σ_c min_j d(v_c, B_c[j])
    L_things = Σ_c 1/n_c Σ_k min_j d(v_{c,k}, B_c[j])
    d(a, b)  = 1/C Σ_i |a_i − b_i|                      (SIM, sections 3.2 and 3.3)

v is the mean feature of what the network takes for class c in an image of the target, all of it
for stuff and one instance each for things; B_c are the features of the source that are remembered.
The gradient goes through v alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, final

import torch

from dlscope.data.scene_classes import IGNORED, ClassSplit
from dlscope.methods.adaptation.feature_memory import Classify, FeatureMemory
from dlscope.methods.adaptation.regions import MOST_INSTANCES, Regions


@final
@dataclass(frozen=True)
class MatchingRules:
    """How instances of the target are chosen.

    `checks_instances`: one that the head does not take for its class draws nothing, as is always
    so for stuff; the published code does not check. Smaller ones than `least_pixels` are left out.
    `target_map` says what regions are cut from: what the network predicts, as in the published
    code, or labels of its own where there are some and predictions elsewhere, as in the figure of
    the paper.
    """

    split: ClassSplit = field(default_factory=ClassSplit.of)
    most_instances: int = MOST_INSTANCES
    least_pixels: int = 1
    checks_instances: bool = False
    target_map: Literal["prediction", "pseudo_union"] = "prediction"


@final
@dataclass(frozen=True)
class Matching:
    """Both losses, means over the images of a batch, and how many regions each had."""

    stuff: Any
    instance: Any
    stuff_regions: int
    instance_regions: int


def matching_losses(
    features_bchw: Any,
    logits_bkhw: Any,
    memory: FeatureMemory,
    head: Classify,
    rules: MatchingRules | None = None,
    labels_bhw: Any = None,
) -> Matching:
    """The losses of a batch of the target; 0 for what is not in the images, or not remembered.

    `labels_bhw` are labels of its own at the size of the features, if it has some.
    """
    rules = rules or MatchingRules()
    predicted = logits_bkhw.detach().argmax(dim=1)
    if rules.target_map == "pseudo_union" and labels_bhw is not None:
        predicted = torch.where(labels_bhw == IGNORED, predicted, labels_bhw)
    predicted = predicted.cpu().numpy()
    images_bchw = features_bchw.to(torch.promote_types(features_bchw.dtype, torch.float32))
    zero = images_bchw.sum() * 0.0
    stuff, instance, counts = [zero], [zero], [0, 0]
    for features, ids in zip(images_bchw, predicted, strict=True):
        regions = Regions.of(
            ids,
            rules.split,
            most_instances=rules.most_instances,
            least_pixels=rules.least_pixels,
        )
        for class_id, vectors in _drawn(features, regions, memory, head, rules):
            is_thing = class_id in rules.split.things
            distances = nearest_distances(vectors, memory.vectors(class_id))
            (instance if is_thing else stuff).append(distances.mean())
            counts[is_thing] += len(vectors)
    images = len(predicted)
    return Matching(sum(stuff) / images, sum(instance) / images, counts[0], counts[1])


def nearest_distances(vectors_rc: Any, remembered_nc: Any) -> Any:
    """min_j d(v, B[j]) of each vector, [R]; the first of equals is the nearest.

    Only the choice of j looks at all of B, and is a constant.
    """
    remembered = remembered_nc.to(vectors_rc)
    with torch.no_grad():
        nearest = torch.cdist(vectors_rc.detach(), remembered, p=1).argmin(dim=1)
    return (vectors_rc - remembered[nearest]).abs().mean(dim=1)


def _drawn(
    features_chw: Any,
    regions: Regions,
    memory: FeatureMemory,
    head: Classify,
    rules: MatchingRules,
) -> list[tuple[int, Any]]:
    """For each class that is drawn the mean features [R, C] of its regions in one image."""
    if not regions.classes:
        return []
    means = regions.means(features_chw)
    with torch.no_grad():
        taken_for = head(means.detach()).argmax(dim=1).tolist()
    drawn = []
    for class_id in dict.fromkeys(regions.classes):
        checked = rules.checks_instances or class_id not in rules.split.things
        rows = [
            row
            for row, each in enumerate(regions.classes)
            if each == class_id and (not checked or taken_for[row] == class_id)
        ]
        if rows and memory.is_active(class_id):
            drawn.append((class_id, means[torch.tensor(rows).to(means.device)]))
    return drawn
