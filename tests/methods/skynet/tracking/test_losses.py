"""Against sums written out place by place."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dlscope.methods.skynet.tracking.losses import (  # noqa: E402 - after the check for torch
    box_loss,
    mask_loss,
    score_loss,
    tracker_loss,
)
from dlscope.zoo.siamese.network import Response  # noqa: E402

SHAPE = (2, 5, 4, 4)


@pytest.fixture
def known():
    chooser = np.random.default_rng(0)
    scores = torch.from_numpy(chooser.normal(size=(2, 2, *SHAPE[1:])))
    boxes, offsets = (torch.from_numpy(chooser.normal(size=(2, 4, *SHAPE[1:]))) for _ in range(2))
    kinds = torch.from_numpy(chooser.integers(-1, 2, SHAPE))
    return scores, boxes, offsets, kinds


def test_scores_weigh_objects_and_ground_alike(known):
    scores, _, _, kinds = known
    parts = {1: [], 0: []}
    for place in np.ndindex(SHAPE):
        kind = int(kinds[place])
        if kind >= 0:
            ground, thing = (float(scores[place[0], c, *place[1:]]) for c in (0, 1))
            own = thing if kind else ground
            parts[kind].append(np.log(np.exp(ground) + np.exp(thing)) - own)
    expected = (np.mean(parts[1]) + np.mean(parts[0])) / 2
    assert float(score_loss(scores, kinds)) == pytest.approx(expected)


def test_boxes_weigh_pairs_alike(known):
    _, boxes, offsets, kinds = known
    expected = 0.0
    for b in range(2):
        of_pair = [
            sum(abs(float(boxes[b, c, *p]) - float(offsets[b, c, *p])) for c in range(4))
            for p in np.ndindex(SHAPE[1:])
            if kinds[b, *p] == 1
        ]
        expected += np.mean(of_pair) / 2
    assert float(box_loss(boxes, offsets, kinds)) == pytest.approx(expected, rel=1e-5)


def test_without_objects_boxes_cost_nothing_and_scores_only_ground(known):
    scores, boxes, offsets, _ = known
    ground = torch.zeros(SHAPE, dtype=torch.int64)
    assert float(box_loss(boxes, offsets, ground)) == 0
    half = -torch.log_softmax(scores, dim=1)[:, 0].mean() / 2
    assert float(score_loss(scores, ground)) == pytest.approx(float(half))


def test_masks_are_enlarged_and_cost_a_soft_margin():
    masks = torch.full((1, 63 * 63), 2.0)
    truth = torch.ones(1, 127, 127)
    assert float(mask_loss(masks, truth)) == pytest.approx(np.log1p(np.exp(-2.0)))
    assert float(mask_loss(masks, -truth)) == pytest.approx(np.log1p(np.exp(2.0)))
    assert float(mask_loss(masks[:0], truth[:0])) == 0


def test_the_total_weighs_its_parts(known):
    scores, boxes, offsets, kinds = known
    loss = tracker_loss(Response(scores, boxes), kinds, offsets)
    assert float(loss.total) == pytest.approx(float(loss.scores) + 1.2 * float(loss.boxes))
    masks = torch.zeros(1, 63 * 63), torch.ones(1, 127, 127)
    with_masks = tracker_loss(Response(scores, boxes), kinds, offsets, masks)
    assert float(with_masks.total - loss.total) == pytest.approx(36 * np.log(2), rel=1e-5)
