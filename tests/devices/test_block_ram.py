from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import SearchError
from dlscope.devices.block_ram import BITS_OF_BLOCK, block_ram18

WIDTHS, DEPTHS = st.integers(1, 4000), st.integers(1, 40_000)


@pytest.mark.parametrize(
    ("width", "depth", "blocks"),
    [
        (64, 512, 2),
        (72, 512, 2),
        (256, 3312, 50),
        (1, 16384, 1),
        (1, 16385, 2),
        (2, 8192, 1),
        (4, 4096, 1),
        (9, 2048, 1),
        (18, 1024, 1),
        (36, 512, 1),
        (36, 513, 2),
        (5, 2048, 1),
        (0, 512, 0),
        (72, 0, 0),
    ],
)
def test_counts_as_by_hand(width: int, depth: int, blocks: int) -> None:
    assert block_ram18(width, depth) == blocks


@given(WIDTHS, DEPTHS)
def test_there_is_room_for_every_bit(width: int, depth: int) -> None:
    assert block_ram18(width, depth) * BITS_OF_BLOCK >= width * depth


@given(WIDTHS, DEPTHS)
def test_a_deeper_buffer_takes_no_less(width: int, depth: int) -> None:
    assert block_ram18(width, depth + 1) >= block_ram18(width, depth)


@given(WIDTHS, DEPTHS)
def test_72_bits_more_are_one_pair_more_for_512_words(width: int, depth: int) -> None:
    assert block_ram18(width + 72, depth) - block_ram18(width, depth) == 2 * -(-depth // 512)


def test_refuses_sizes_below_0() -> None:
    with pytest.raises(SearchError) as refusal:
        block_ram18(-1, 512)
    assert str(refusal.value) == (
        "SearchError: a buffer of 512 words of -1 bits cannot be\n"
        "  where  block RAM\n"
        "  fix    use sizes from 0 on"
    )
