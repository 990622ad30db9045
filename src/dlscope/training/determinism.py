"""`reproducible`: torch as it must be for the same seed to give the same numbers.

`undetermined` says what there is that does not.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"
_SIGN = "does not have a deterministic implementation"


@contextmanager
def reproducible(seed: int, *, threads: int = 1, is_strict: bool = True) -> Iterator[None]:
    """Within, torch draws from `seed`, uses `threads`, and only algorithms that are deterministic.

    Sums depend on how many threads share them, so the same numbers need the same `threads`. What
    has no deterministic algorithm is refused; where it is not so strict, torch carries it out and
    warns, see `undetermined`. What was set before is set again afterwards; the generator of the
    caller goes on where it was.
    """
    os.environ.setdefault(_CUBLAS, ":4096:8")  # read when a GPU is first used, if ever
    threads_before = torch.get_num_threads()
    # The other way to ask for it, use_deterministic_algorithms, brings in the whole compiler.
    before = torch.get_deterministic_debug_mode()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        torch.set_num_threads(threads)
        torch.set_deterministic_debug_mode("error" if is_strict else "warn")
        try:
            yield
        finally:
            torch.set_num_threads(threads_before)
            torch.set_deterministic_debug_mode(before)


@contextmanager
def undetermined() -> Iterator[list[str]]:
    """Within, collects the operations that may differ from run to run, each once, as torch warns.

    Other warnings are shown as they were.
    """
    found: list[str] = []
    with warnings.catch_warnings():
        warnings.filterwarnings("always", message=f".*{_SIGN}")
        shown = warnings.showwarning

        def show(message: Any, *others: Any, **more: Any) -> None:
            if told := re.match(rf"(\S+) {_SIGN}", str(message)):
                found.extend({told[1]} - set(found))
            else:
                shown(message, *others, **more)

        warnings.showwarning = show
        yield found
