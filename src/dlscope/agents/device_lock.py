"""One measuring Run per machine at a time: two measurements side by side spoil each other."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no flock; measurements there are not kept apart.
    fcntl = None  # type: ignore[assignment]


WAITING = "waiting for another measurement on this machine"
"""What is being done while another process holds the machine."""
_PERIOD_S = 0.05


class GivenUp(Exception):  # noqa: N818 - what happened, not an error of anybody
    """Nobody wants the machine any more; it was not taken."""


def lock_path() -> Path:
    """The lock file shared by all dlscope processes of this user on this machine."""
    owner = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"dlscope-{owner}.lock"


@contextmanager
def device_lock(
    on_wait: Callable[[], None], is_unwanted: Callable[[], bool] | None = None
) -> Iterator[None]:
    """Hold the machine; `on_wait` is told once when another measurement must end first.

    Raises `GivenUp` once `is_unwanted` says so while it waits; without, only a signal ends that.
    """
    with lock_path().open("a") as file:
        if fcntl is not None and not _taken_at_once(file.fileno()):
            on_wait()
            _await(file.fileno(), is_unwanted)
        yield


def _await(descriptor: int, is_unwanted: Callable[[], bool] | None) -> None:
    if is_unwanted is None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return
    while not _taken_at_once(descriptor):
        if is_unwanted():
            raise GivenUp
        time.sleep(_PERIOD_S)


def _taken_at_once(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
