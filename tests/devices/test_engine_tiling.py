from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import SearchError
from dlscope.devices.engine_tiling import Tile
from dlscope.devices.layer_shape import LayerShape

CHANNELS = st.integers(1, 300)
POWERS = st.sampled_from([1, 2, 4, 8, 16, 32])


@given(CHANNELS, CHANNELS, POWERS, POWERS)
def test_busy_lanes_are_the_work_by_what_the_passes_could_do(
    channels_in: int, channels_out: int, tile_in: int, tile_out: int
) -> None:
    layer = LayerShape.conv(channels_in, channels_out, 1)
    passes = len(range(0, channels_in, tile_in)) * len(range(0, channels_out, tile_out))
    busy = Tile(tile_in, tile_out).efficiency(layer)
    assert busy == pytest.approx(layer.macs / (passes * tile_in * tile_out))


def test_an_engine_that_folds_the_kernel_is_busy_with_few_inputs() -> None:
    first = LayerShape.conv(3, 64, 224, 7, stride=2)
    assert Tile(16, 16).efficiency(first) == 3 / 16
    assert Tile(16, 16).efficiency(first, folds_kernel=True) == 1
    other = LayerShape.conv(24, 64, 14)
    assert Tile(16, 16).efficiency(other, folds_kernel=True) == 24 / 32


def test_groups_are_filled_one_by_one() -> None:
    grouped = LayerShape.conv(96, 256, 27, 5, groups=2)
    assert Tile(16, 32).efficiency(grouped) == 1
    assert Tile(64, 32).efficiency(grouped) == 48 / 64


def test_the_input_is_read_again_for_every_group_of_outputs() -> None:
    layer = LayerShape.conv(64, 100, 14, 3)
    assert Tile(16, 32).elements_read(layer) == layer.weights + 4 * layer.inputs
    assert Tile(16, 128).elements_read(layer) == layer.weights + layer.inputs


@pytest.mark.parametrize(
    ("lanes", "tile"), [(1, (1, 1)), (2, (1, 2)), (256, (16, 16)), (512, (16, 32))]
)
def test_lanes_become_a_tile_that_is_as_square_as_can_be(lanes: int, tile: tuple[int, int]) -> None:
    assert Tile.of(lanes) == Tile(*tile)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Tile(0, 4),
            "SearchError: a tile of 0x4 channels is empty\n"
            "  where  engine\n"
            "  fix    use tiles from 1 on",
        ),
        (
            lambda: Tile.of(48),
            "SearchError: 48 lanes are no power of two\n"
            "  where  engine\n"
            "  fix    use 1, 2, 4, 8, …",
        ),
    ],
)
def test_refuses_tiles_that_cannot_be(make, message: str) -> None:
    with pytest.raises(SearchError) as refusal:
        make()
    assert str(refusal.value) == message
