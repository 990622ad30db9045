from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import BoundError
from dlscope.graph.brick import Brick
from dlscope.graph.brick_model import brick_feeds, brick_model
from dlscope.methods.bounds.implementation import Configuration
from dlscope.methods.bounds.implementations.nchwc import block_channels
from dlscope.methods.bounds.implementations.ort import Ort
from dlscope.methods.bounds.implementations.ort_session import UNCHANGED, session_of
from dlscope.methods.bounds.reorders import LAYOUTS, reorder_brick

PAIRS = [(a, b) for a in LAYOUTS for b in LAYOUTS if a != b]
SHAPES = st.tuples(
    st.integers(1, 2), st.integers(1, 9).map(lambda n: 4 * n), st.integers(1, 4), st.integers(2, 4)
)


def moved(brick: Brick | None, values: np.ndarray) -> np.ndarray:
    if brick is None:
        return values
    session = session_of(brick_model(brick), UNCHANGED)
    shaped = values.reshape(brick.tensors[0].shape)
    return np.asarray(session.run(None, {"v0": shaped})[0])


@pytest.mark.parametrize(("source", "target"), PAIRS)
@given(shape=SHAPES, seed=st.integers(0, 99))
def test_what_is_moved_there_and_back_is_what_it_was(source, target, shape, seed) -> None:
    block = block_channels()
    plain = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    values = moved(reorder_brick(shape, "plain", source, block=block), plain)
    there = moved(reorder_brick(shape, source, target, block=block), values)
    back = moved(reorder_brick(shape, target, source, block=block), there)
    np.testing.assert_array_equal(back.reshape(-1), values.reshape(-1))
    direct = moved(reorder_brick(shape, "plain", target, block=block), plain)
    np.testing.assert_array_equal(there.reshape(-1), direct.reshape(-1))


def test_blocks_hold_neighbouring_channels_and_are_filled_up_with_zeros() -> None:
    block = block_channels()
    shape = (1, block + 4, 2, 3)
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape) + 1
    found = moved(reorder_brick(shape, "plain", "blocked", block=block), values)
    filled = np.zeros((1, 2 * block, 2, 3), np.float32)
    filled[:, : shape[1]] = values
    expected = filled.reshape(1, 2, block, 2, 3).transpose(0, 1, 3, 4, 2)
    np.testing.assert_array_equal(found.reshape(expected.shape), expected)


def test_channels_go_last_by_a_transposition() -> None:
    brick = reorder_brick((1, 5, 2, 3), "plain", "channels_last", block=16)
    assert brick is not None
    assert brick.label == "Transpose"
    assert [each.shape for each in brick.tensors] == [(1, 5, 2, 3), (1, 2, 3, 5)]


@pytest.mark.parametrize(
    ("shape", "source", "target"),
    [
        ((1, 32, 8, 8), "blocked", "blocked"),
        ((4, 64), "plain", "channels_last"),
        ((4, 64), "channels_last", "blocked"),
        ((1, 1, 8, 8), "plain", "channels_last"),
        ((1, 32, 1, 1), "plain", "blocked"),
        ((1, 32, 1, 1), "channels_last", "plain"),
    ],
)
def test_there_is_no_brick_where_nothing_moves(shape, source, target) -> None:
    assert reorder_brick(shape, source, target, block=16) is None


def test_a_pixel_of_channels_that_must_be_filled_up_moves() -> None:
    assert reorder_brick((1, 20, 1, 1), "plain", "blocked", block=16) is not None


@pytest.mark.parametrize(
    ("shape", "layouts", "dtype", "what"),
    [
        (
            (1, 32, 8, 8),
            ("plain", "onednn"),
            "float32",
            "no tensor can be put into or taken out of the layout 'onednn'",
        ),
        (
            (1, 3, 8, 8),
            ("plain", "blocked"),
            "float32",
            "float32 [1, 3, 8, 8] cannot be put into blocks of channels",
        ),
        (
            (1, 32, 8, 8),
            ("blocked", "plain"),
            "bfloat16",
            "bfloat16 [1, 32, 8, 8] cannot be put into blocks of channels",
        ),
    ],
)
def test_refuses_what_nobody_can_move(shape, layouts, dtype, what) -> None:
    with pytest.raises(BoundError) as caught:
        reorder_brick(shape, *layouts, block=16, dtype=dtype)
    assert str(caught.value) == (
        f"BoundError: {what}\n"
        "  where  reorder\n"
        "  fix    ask for a reorder between two of plain, channels_last, blocked, "
        "or leave this way out"
    )


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_reorder_is_measured_like_any_layer(source, target) -> None:
    brick = reorder_brick((1, 32, 4, 4), source, target, block=block_channels())
    assert brick is not None
    runnable = Ort().build(brick, Configuration())
    runnable.run()
    moved_values = np.sort(np.concatenate([each.reshape(-1) for each in runnable.outputs()]))
    np.testing.assert_array_equal(moved_values, np.sort(brick_feeds(brick)["v0"].reshape(-1)))
