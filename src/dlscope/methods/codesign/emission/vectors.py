"""Inputs that an accelerator is held against its reference with, and the file that holds them.

Random ones, and those at which arithmetic breaks first: zeros, the largest, the least, boards of
both, and single values at the corners and in the middle of each channel.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from dlscope.methods.codesign.emission.grid import Grid, Integers
from dlscope.methods.codesign.emission.integer_network import IntegerNetwork

RANDOM = 200
"""How many random inputs there are at least."""


def vectors_of(
    network: IntegerNetwork, rng: np.random.Generator, *, count: int = RANDOM
) -> Integers:
    """All corner inputs and `count` random ones, in the grid of the first layer: N×C×H×W."""
    grid = network.layers[0].reads
    random = rng.integers(grid.least, grid.most + 1, (count, *network.input))
    return np.concatenate([np.stack(list(_corners(network.input, grid))), random])


def _corners(shape: tuple[int, int, int], grid: Grid) -> Iterator[Integers]:
    channels, height, width = shape
    for value in (0, grid.most, grid.least):
        yield np.full(shape, value, np.int64)
    board = np.indices(shape).sum(axis=0) % 2
    yield np.where(board, grid.most, grid.least)
    yield np.where(board, grid.least, grid.most)
    places = {(0, 0), (0, width - 1), (height - 1, 0), (height - 1, width - 1)}
    for channel in range(channels):
        for place in sorted({*places, (height // 2, width // 2)}):
            single = np.zeros(shape, np.int64)
            single[(channel, *place)] = grid.most
            yield single


def golden(network: IntegerNetwork, x_ncyx: Integers) -> Integers:
    """What a test bench compares: of each input itself, then what each stage gives, [N, values].

    Places are rows by columns by channels.
    """
    tensors = [x_ncyx, *network.tensors(x_ncyx)]
    flat = [tensor.transpose(0, 2, 3, 1).reshape(len(x_ncyx), -1) for tensor in tensors]
    return np.concatenate(flat, axis=1)


def write_golden(path: Path, rows: Integers, bits: int) -> None:
    """Write the file of a test bench whose integers have `bits` bits."""
    dtype = np.dtype(f"<i{bits // 8}")
    with path.open("wb") as file:
        file.write(np.array([len(rows)], dtype).tobytes())
        file.write(rows.astype(dtype).tobytes())
