from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from dlscope.methods.skynet.decoding import ANCHORS  # noqa: E402 - after the check for torch
from dlscope.methods.skynet.region_loss import region_loss  # noqa: E402

NO_BOX = torch.zeros(0, 4, dtype=torch.float64)


def even_head(batch=1):
    return torch.zeros(batch, 10, 20, 40, dtype=torch.float64)


def boxes(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def logistic(value):
    return 1 / (1 + math.exp(-value))


def overlap(a, b):
    sides = [
        min(a[i] + a[i + 2] / 2, b[i] + b[i + 2] / 2)
        - max(a[i] - a[i + 2] / 2, b[i] - b[i + 2] / 2)
        for i in (0, 1)
    ]
    shared = max(sides[0], 0) * max(sides[1], 0)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def looped(head, all_boxes):
    """The loss position by position and box by box, as the equations are read."""
    batch, _, height, width = head.shape
    total = 0.0
    for image in range(batch):
        found, target = {}, {}
        for a, (aw, ah) in enumerate(ANCHORS):
            for row in range(height):
                for column in range(width):
                    tx, ty, tw, th, conf = (
                        float(head[image, 5 * a + part, row, column]) for part in range(5)
                    )
                    box = (
                        logistic(tx) + column,
                        logistic(ty) + row,
                        aw * math.exp(tw),
                        ah * math.exp(th),
                    )
                    found[a, row, column] = (tx, ty, tw, th, conf, box)
                    target[a, row, column] = (1.0, 0.0, None)
        cells = [
            (x * width, y * height, w * width, h * height)
            for x, y, w, h in all_boxes[image].tolist()
        ]
        for place, (*_, box) in found.items():
            if cells and max(overlap(box, cell) for cell in cells) > 0.6:
                target[place] = (0.0, 0.0, None)
        for cell in cells:
            alike = [
                min(aw, cell[2])
                * min(ah, cell[3])
                / (aw * ah + cell[2] * cell[3] - min(aw, cell[2]) * min(ah, cell[3]))
                for aw, ah in ANCHORS
            ]
            a = alike.index(max(alike))
            column = min(max(math.floor(cell[0]), 0), width - 1)
            row = min(max(math.floor(cell[1]), 0), height - 1)
            coordinates = (
                cell[0] - column,
                cell[1] - row,
                math.log(cell[2] / ANCHORS[a][0]),
                math.log(cell[3] / ANCHORS[a][1]),
            )
            place = (a, row, column)
            target[place] = (5.0, overlap(found[place][5], cell), coordinates)
        for place, (weight, wanted, coordinates) in target.items():
            tx, ty, tw, th, conf, _ = found[place]
            total += weight * (logistic(conf) - wanted) ** 2 / 2
            if coordinates is not None:
                mine = (logistic(tx), logistic(ty), tw, th)
                total += sum((m - c) ** 2 for m, c in zip(mine, coordinates, strict=True)) / 2
    return total


def test_without_a_box_every_position_is_told_to_be_unsure():
    loss = region_loss(even_head(), [NO_BOX])
    assert float(loss.total) == pytest.approx(200, rel=1e-12)
    assert (loss.boxes, loss.ignored, loss.recall) == (0, 0, 1.0)


def test_one_box_gives_the_golden_parts():
    loss = region_loss(even_head(), [boxes([0.5, 0.5, 0.1, 0.2])])
    golden = (0.125, 0.125, 0.0000039800, 0.0665376354, 199.8836969662)
    assert [float(part) for part in (loss.x, loss.y, loss.w, loss.h, loss.conf)] == pytest.approx(
        golden, abs=5e-10
    )
    assert float(loss.total) == pytest.approx(200.2002385816, rel=1e-9)
    assert (loss.boxes, loss.ignored, loss.recall) == (1, 0, 1.0)


def test_two_boxes_give_the_golden_loss():
    loss = region_loss(even_head(), [boxes([0.5125, 0.525, 0.1, 0.2], [0.1, 0.9, 0.03, 0.1])])
    assert loss.ignored == 3
    assert float(loss.total) == pytest.approx(200.0313994341, rel=1e-9)


def drawn(batch=3, height=5, width=7):
    """A head, and boxes in all sizes: one image has none, in one two fall to one position."""
    torch.manual_seed(4)
    head = torch.randn(batch, 10, height, width, dtype=torch.float64)
    several = torch.rand(12, 4, dtype=torch.float64) * 0.5 + 0.02
    same = boxes([0.5, 0.5, 0.2, 0.4], [0.51, 0.51, 0.21, 0.4], [1.0, 1.0, 0.1, 0.1])
    return head, [several, NO_BOX, same][:batch]


def test_equals_the_loop_over_positions_and_boxes():
    head, all_boxes = drawn()
    found = float(region_loss(head, all_boxes, reduction="sum").total)
    assert found == pytest.approx(looped(head, all_boxes), rel=1e-6)


def test_the_mean_is_over_images():
    head, all_boxes = drawn()
    summed = region_loss(head, all_boxes, reduction="sum")
    assert float(region_loss(head, all_boxes).total) == pytest.approx(float(summed.total) / 3)


def test_a_box_at_the_left_edge_ends_no_list():
    """The original stops at a centre of 0 and loses what comes behind it."""
    both = boxes([0.0, 0.5, 0.1, 0.2], [0.5, 0.5, 0.1, 0.2])
    assert region_loss(even_head(), [both]).boxes == 2


def test_pulls_the_head_towards_the_box():
    head = even_head().requires_grad_()
    wanted = [boxes([0.5125, 0.525, 0.05, 0.3])]
    before = region_loss(head, wanted)
    (gradient,) = torch.autograd.grad(before.total, head)
    assert torch.isfinite(gradient).all()
    after = region_loss(head.detach() - 0.1 * gradient, wanted)
    assert float(after.total) < before.total.item()


def test_tells_how_many_boxes_are_found():
    loss = region_loss(even_head(), [boxes([0.5, 0.5, 0.1, 0.2], [0.1, 0.9, 0.9, 0.9])])
    assert loss.recall == 0.5
