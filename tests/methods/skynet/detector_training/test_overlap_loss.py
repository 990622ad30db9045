from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from dlscope.methods.skynet.detector_training.overlap_loss import (  # noqa: E402 - after torch
    overlap_loss,
)
from dlscope.methods.skynet.detector_training.recipes import LossWeights  # noqa: E402

ANCHORS = ((1.0, 1.0), (3.0, 3.0))
NO_BOX = torch.zeros(0, 4, dtype=torch.float64)
ROWS, COLUMNS = 4, 8
WEIGHTS = LossWeights()


def even_head(batch=1):
    return torch.zeros(batch, 10, ROWS, COLUMNS, dtype=torch.float64)


def box(x, y, w, h):
    """In cells."""
    return torch.tensor([[x / COLUMNS, y / ROWS, w / COLUMNS, h / ROWS]], dtype=torch.float64)


def test_a_perfect_box_costs_nothing_but_the_choice_and_the_doubt():
    loss = overlap_loss(even_head(), [box(2.5, 1.5, 1.0, 1.0)], ANCHORS, WEIGHTS)
    assert float(loss.box) == pytest.approx(0.0, abs=1e-6)
    assert float(loss.rank) == pytest.approx(math.log(2 * ROWS * COLUMNS))
    # Each other position doubts by ln 2, weighted by ½².
    doubt = math.log(2) * (1 + (2 * ROWS * COLUMNS - 1) / 4)
    assert float(loss.sure) == pytest.approx(doubt, rel=1e-6)
    assert (loss.boxes, loss.recall) == (1, 1.0)
    total = WEIGHTS.box * loss.box + WEIGHTS.sure * loss.sure + WEIGHTS.rank * loss.rank
    assert float(loss.total) == pytest.approx(float(total))


def test_the_distance_of_centres_and_the_shape_count():
    """IoU 1/3 for half a cell aside; d² = 1/4 and c² = 1.5² + 1."""
    weights = LossWeights(reach=2.0)
    loss = overlap_loss(even_head(), [box(3.0, 1.5, 1.0, 1.0)], ANCHORS, weights)
    assert float(loss.box) == pytest.approx(1 - (1 / 3 - 0.25 / 3.25))
    narrow = overlap_loss(even_head(), [box(2.5, 1.5, 0.5, 1.0)], ANCHORS, weights)
    shape = 4 / math.pi**2 * (math.atan(0.5) - math.atan(1.0)) ** 2
    share = shape / (1 - 0.5 + shape)
    assert float(narrow.box) == pytest.approx(1 - (0.5 - share * shape))


def gradients(head, boxes, weights=WEIGHTS):
    head = head.requires_grad_()
    loss = overlap_loss(head, boxes, ANCHORS, weights)
    return torch.autograd.grad(loss.box, head)[0].reshape(2, 5, ROWS, COLUMNS)


def learnt(boxes, weights=WEIGHTS):
    """Which positions learn a box, as (anchor, row, column)."""
    head = torch.randn(1, 10, ROWS, COLUMNS, generator=torch.Generator().manual_seed(0))
    return {tuple(map(int, place)) for place in gradients(head, boxes, weights)[:, 2].nonzero()}


def test_a_small_box_is_learnt_where_its_centre_is():
    assert learnt([box(2.5, 1.5, 0.9, 0.9)]) == {(0, 1, 2)}


def test_near_an_edge_the_cell_beyond_it_learns_as_well():
    assert learnt([box(2.98, 1.5, 0.9, 0.9)]) == {(0, 1, 2), (0, 1, 3)}


def test_a_large_box_is_learnt_by_every_cell_that_can_reach_it():
    places = learnt([box(4.5, 2.5, 4.0, 3.5)])
    assert (1, 2, 4) in places
    assert {(1, 2, 3), (1, 2, 5), (1, 1, 4)} <= places
    assert all(anchor == 1 for anchor, _, _ in places)


def test_anchors_that_are_alike_enough_learn_together():
    both = LossWeights(alike=0.1)
    assert learnt([box(2.5, 1.5, 1.7, 1.7)], both) == {(0, 1, 2), (1, 1, 2)}


def test_a_position_learns_the_nearer_of_two_boxes():
    near, far = box(2.5, 1.5, 1.0, 1.0), box(3.02, 1.5, 1.0, 1.0)
    loss = overlap_loss(even_head(), [torch.cat([far, near])], ANCHORS, WEIGHTS)
    assert loss.boxes == 2
    # Position 2 has its own box exactly; that of the other box is its own cell alone.
    assert float(loss.box) == pytest.approx((0.0 + far_loss()) / 2, abs=1e-6)


def far_loss():
    alone = overlap_loss(even_head(), [box(3.02, 1.5, 1.0, 1.0)], ANCHORS, LossWeights(reach=2.0))
    return float(alone.box)


def test_images_without_a_box_learn_to_be_unsure():
    head = even_head(2).requires_grad_()
    loss = overlap_loss(head, [NO_BOX, NO_BOX], ANCHORS, WEIGHTS)
    assert (float(loss.box.detach()), float(loss.rank.detach()), loss.recall) == (0.0, 0.0, 1.0)
    (gradient,) = torch.autograd.grad(loss.total, head)
    assert (gradient.reshape(2, 2, 5, -1)[:, :, 4] > 0).all()


def test_every_part_pulls_the_head_towards_the_box():
    generator = torch.Generator().manual_seed(3)
    head = torch.randn(2, 10, ROWS, COLUMNS, generator=generator, dtype=torch.float64)
    boxes = [box(2.3, 1.6, 1.2, 1.5), torch.cat([box(5.5, 2.2, 3.0, 2.0), box(1.2, 0.7, 0.8, 1.0)])]
    head.requires_grad_()
    before = overlap_loss(head, boxes, ANCHORS, WEIGHTS)
    (gradient,) = torch.autograd.grad(before.total, head)
    assert torch.isfinite(gradient).all()
    after = overlap_loss(head.detach() - 0.02 * gradient, boxes, ANCHORS, WEIGHTS)
    assert float(after.total) < float(before.total.detach())
