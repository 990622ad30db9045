"""Which sample of the loaded set each query asks for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

_CHUNK = 4096


def sample_indices(loaded: int, seed: int, *, equal_issue: bool = False) -> Iterator[int]:
    """Endless indexes below `loaded`, the same for the same seed.

    Uniform with replacement; with `equal_issue` random permutations follow one another, so that
    each sample is asked equally often.
    """
    generator = np.random.default_rng(seed)
    while True:
        if equal_issue:
            yield from generator.permutation(loaded).tolist()
        else:
            yield from generator.integers(0, loaded, size=_CHUNK).tolist()
