"""The pool of threads of XLA on the processor: one for the whole process, made once."""

from __future__ import annotations

import os
from pathlib import Path

import jax

_ASKED = "PJRT_NPROC"
_TASKS = Path("/proc/self/task")
_POOL = "tf_XLAEigen"


def start_pool(threads: int) -> int:
    """The number of threads XLA really uses: `threads` when it has not yet begun, else as before.

    Where the system does not list threads by name it is the number that was asked for first.
    """
    before = os.environ.get(_ASKED)
    # Read when the first device is made, and never again: children shall not inherit it.
    os.environ[_ASKED] = str(threads)
    try:
        jax.devices("cpu")
    finally:
        if before is None:
            del os.environ[_ASKED]
        else:
            os.environ[_ASKED] = before
    return _counted() or _first(threads)


def _counted() -> int:
    if not _TASKS.is_dir():
        return 0
    return sum((task / "comm").read_text().strip() == _POOL for task in _TASKS.iterdir())


_asked_first: list[int] = []


def _first(threads: int) -> int:
    if not _asked_first:
        _asked_first.append(threads)
    return _asked_first[0]
