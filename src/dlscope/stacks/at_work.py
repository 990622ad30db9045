"""Whether somebody works in a folder: the kernel knows, whatever has become of who said so.

A process holds a lock on the folder itself while it makes a stack there, or runs in one. The lock
ends with the process, also where it is killed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def at_work(folder: Path) -> Iterator[None]:
    """Tells others, while inside, that `folder` is in use."""
    import fcntl

    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_SH)
        yield
    finally:
        os.close(held)


def is_at_work(folder: Path) -> bool:
    """Whether any process works in `folder`."""
    import fcntl

    try:
        asked = os.open(folder, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(asked, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(asked)
    return False
