"""`ColdMemory`: memory that is read and serves nothing else; what it pushes out is the point."""

from __future__ import annotations

from typing import final

import numpy as np

from dlscope.stacks.system import system

_CACHES, _CACHE_BYTES = 2, 32 << 20


def far_bytes() -> int:
    """After so many bytes nothing of what was there before is in any cache."""
    return _CACHES * max(system().cpu.cache_bytes.values(), default=_CACHE_BYTES)


@final
class ColdMemory:
    """As many bytes as will be read at most; more than fill every cache are never needed."""

    def __init__(self, most_bytes: int) -> None:
        self._memory = np.ones(min(most_bytes, far_bytes()) // 8, np.int64)

    def read(self, count: int) -> None:
        """Read `count` bytes, of more than fills every cache only as many as do."""
        self._memory[: max(count, 0) // 8].sum()
