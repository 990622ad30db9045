"""`reproducible`: torch as it must be for the same seed to give the same numbers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"


@contextmanager
def reproducible(seed: int, *, threads: int = 1) -> Iterator[None]:
    """Within, torch draws from `seed`, uses `threads`, and only algorithms that are deterministic.

    Sums depend on how many threads share them, so the same numbers need the same `threads`. What
    was set before is set again afterwards; the generator of the caller goes on where it was.
    """
    os.environ.setdefault(_CUBLAS, ":4096:8")  # read when a GPU is first used, if ever
    threads_before = torch.get_num_threads()
    strict = torch.are_deterministic_algorithms_enabled()
    warns_only = torch.is_deterministic_algorithms_warn_only_enabled()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(True)
        try:
            yield
        finally:
            torch.set_num_threads(threads_before)
            torch.use_deterministic_algorithms(strict, warn_only=warns_only)
