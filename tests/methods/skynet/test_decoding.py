from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.errors import DataError, ShapeError
from dlscope.methods.skynet.decoding import (
    ANCHORS,
    decode,
    decode_all,
    relative_boxes,
    require_head,
)

SIZE = (640, 360)


def head(height=20, width=40):
    """A map that is sure of nothing."""
    values = np.zeros((1, 10, height, width), np.float32)
    values[:, [4, 9]] = -8.0
    return values


def test_the_released_weights_give_the_golden_head(released_head):
    head = released_head[0].astype(np.float64)
    assert head.sum() == pytest.approx(-21493.4662, abs=1)
    assert np.abs(head).sum() == pytest.approx(23662.3196, abs=1)
    assert (head.max(), head.min()) == pytest.approx((1.672335, -22.597283), abs=1e-3)
    golden = {
        (0, 0, 0): -0.607835,
        (4, 10, 20): -11.656832,
        (9, 10, 20): -7.197867,
        (7, 19, 39): 0.291863,
        (2, 5, 33): -0.037637,
    }
    for place, value in golden.items():
        assert head[place] == pytest.approx(value, abs=1e-3)


def test_the_released_weights_give_the_golden_box(released_head):
    boxes, scores = relative_boxes(released_head)
    assert scores[0].argmax() == 1317
    assert scores[0, 1317] == pytest.approx(0.0082755, abs=1e-4)
    assert released_head[0, 9, 12, 37] == pytest.approx(-4.786140, abs=1e-3)
    expected = [0.9343156, 0.6234110, 0.1338357, 0.3220635]
    np.testing.assert_allclose(boxes[0, 1317], expected, atol=1e-3)
    (found,) = decode(released_head, [SIZE], clip=False)
    x, y, width, height = np.array(expected) * [640, 360, 640, 360]
    corners = [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
    np.testing.assert_allclose(found.boxes[0], corners, atol=0.5)


def wrong_orders():
    """Ways to join the bypass that look alike and are not."""
    torch = pytest.importorskip("torch")

    def of_phases(values, phases):
        return torch.cat([values[:, :, dy::2, dx::2] for dy, dx in phases], dim=1)

    unshuffle = torch.nn.functional.pixel_unshuffle
    return {
        "pixel_unshuffle": (lambda values: unshuffle(values, 2), False, 5.9),
        "dx_before_dy": (
            lambda values: of_phases(values, ((0, 0), (1, 0), (0, 1), (1, 1))),
            False,
            1.3,
        ),
        "reordered_last": (None, True, 13.8),
    }


@pytest.mark.parametrize("name", ["pixel_unshuffle", "dx_before_dy", "reordered_last"])
def test_another_order_does_not_give_the_golden_head(
    name, released_network, released_head, pattern
):
    torch = pytest.importorskip("torch")
    reorder, is_last, moved = wrong_orders()[name]
    network = released_network
    with torch.no_grad():
        values = around = torch.from_numpy(pattern)
        for index, bundle in enumerate(network.bundles[:5]):
            values = bundle(values)
            around = values if index == 2 else around
            values = network.pool(values) if index < 3 else values
        parts = [(reorder or network.reorder)(around), values]
        joined = torch.cat(parts[::-1] if is_last else parts, dim=1)
        found = network.head(network.bundles[5](joined)).numpy()
    assert np.abs(found - released_head).max() == pytest.approx(moved, abs=0.06)


def test_an_even_head_puts_boxes_of_the_anchors_in_the_middle_of_cells():
    boxes, scores = relative_boxes(np.zeros((1, 10, 20, 40)))
    assert boxes.shape == (1, 1600, 4)
    np.testing.assert_allclose(boxes[0, 0, :2], [0.5 / 40, 0.5 / 20])
    np.testing.assert_allclose(boxes[0, 800 + 41, :2], [1.5 / 40, 1.5 / 20])
    np.testing.assert_allclose(boxes[0, 800, 2:], [ANCHORS[1][0] / 40, ANCHORS[1][1] / 20])
    assert (scores == 0.5).all()


def test_of_equal_boxes_the_first_is_taken():
    values = head()
    values[0, 4, 3, 5] = values[0, 4, 3, 6] = values[0, 9, 0, 0] = 2.0
    (found,) = decode(values, [SIZE])
    assert found.boxes[0][[0, 2]].mean() == pytest.approx(5.5 / 40 * 640)


def test_tells_two_apart_whose_confidence_is_1():
    values = head().astype(np.float64)
    values[0, 4, 3, 5], values[0, 4, 8, 8] = 40.0, 41.0
    (found,) = decode(values, [SIZE])
    assert found.boxes[0][[0, 2]].mean() == pytest.approx(8.5 / 40 * 640)


def test_a_box_ends_at_the_edge_unless_asked_not_to():
    values = head()
    values[0, 9, 0, 0] = 2.0
    (clipped,) = decode(values, [SIZE])
    (raw,) = decode(values, [SIZE], clip=False)
    assert clipped.boxes[0, :2].tolist() == [0, 0]
    assert (raw.boxes[0, :2] < 0).all()


def test_an_absurd_exponent_gives_a_finite_box():
    values = head()
    values[0, 2:4] = 1e4
    boxes, _ = relative_boxes(values)
    assert np.isfinite(boxes).all()


def test_many_objects_are_found_once_each():
    values = head()
    for row, column, logit in ((5, 5, 3.0), (5, 6, 2.0), (15, 30, 1.0)):
        values[0, 9, row, column] = logit
    values[0, 4, 2, 20] = -1.2
    (found,) = decode_all(values, [SIZE])
    assert len(found.boxes) == 2
    assert found.scores.tolist() == sorted(found.scores, reverse=True)
    (more,) = decode_all(values, [SIZE], threshold=0.2, iou=1.0)
    assert len(more.boxes) == 4


def test_no_more_than_a_hundred_objects_are_found():
    (found,) = decode_all(np.zeros((1, 10, 20, 40)), [SIZE], iou=1.0)
    assert len(found.boxes) == 100


def test_refuses_a_head_that_is_no_number():
    values = np.concatenate([head(), head()])
    values[1, 3, 2, 1] = np.nan
    with pytest.raises(DataError) as refused:
        decode(values, [SIZE, SIZE])
    assert str(refused.value) == (
        "DataError: 1 of 8000 numbers of the head are NaN or infinite\n"
        "  where  SkyNet, layer head, image 1\n"
        "  fix    check the weights, and the image that was put in"
    )


def test_refuses_a_head_of_other_channels():
    with pytest.raises(
        ShapeError, match=r"a head of the shape \(1, 12, 20, 40\) is not one of 2 anchors"
    ):
        require_head(np.zeros((1, 12, 20, 40)))
