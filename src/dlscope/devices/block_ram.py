"""`block_ram18`: how many block RAMs of 18 Kibit hold a buffer, counted exactly."""

from __future__ import annotations

from dlscope.core.errors import SearchError

BITS_OF_BLOCK = 18 * 1024
_DOUBLE_BITS, _WIDE_BITS, _WIDE_DEPTH = 72, 36, 512
# Depth of a block by the width it is set to.
_DEPTHS = {1: 16384, 2: 8192, 4: 4096, 9: 2048, 18: 1024, 36: 512}


def block_ram18(width_bits: int, depth: int) -> int:
    """Blocks of a buffer of `depth` words of `width_bits`: two for each block RAM of 36 Kibit.

    The width is cut into columns of 72 bits (2 · ⌈depth/512⌉ blocks each), then one of 36, and
    what remains takes the narrowest setting that is wide enough. Nothing remaining takes nothing.

    >>> block_ram18(64, 512), block_ram18(72, 512), block_ram18(256, 3312), block_ram18(8, 0)
    (2, 2, 50, 0)
    """
    if width_bits < 0 or depth < 0:
        raise SearchError(
            f"a buffer of {depth} words of {width_bits} bits cannot be",
            where="block RAM",
            fix="use sizes from 0 on",
        )
    doubles, rest = divmod(width_bits, _DOUBLE_BITS)
    singles, rest = divmod(rest, _WIDE_BITS)
    columns = (2 * doubles + singles) * -(-depth // _WIDE_DEPTH)
    return columns + (_narrow(rest, depth) if rest else 0)


def _narrow(width_bits: int, depth: int) -> int:
    setting = min(width for width in _DEPTHS if width >= width_bits)
    return -(-depth // _DEPTHS[setting])
