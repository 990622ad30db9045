"""`Pace`: how often something is said where nothing is redrawn."""

from __future__ import annotations

import time
from typing import final

SECONDS = 10.0
"""Of silence, after which whoever waits is told that it goes on."""


@final
class Pace:
    """Whether it is time to say something again."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def begin(self) -> None:
        """Count from now on: something was said."""
        self._last = time.monotonic()

    def is_due(self) -> bool:
        """Whether nothing was said for so long; then something is, now."""
        is_due = time.monotonic() - self._last >= SECONDS
        if is_due:
            self.begin()
        return is_due
