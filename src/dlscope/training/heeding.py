"""`heeding`: work that nothing is kept of ends as soon as it is asked to stop."""

from __future__ import annotations

from collections.abc import Callable


def heeding(
    told: Callable[[str, float], None], should_stop: Callable[[], bool]
) -> Callable[[str, float], None]:
    """`told`, which raises `KeyboardInterrupt` where one has asked to stop."""

    def heeded(step: str, share: float) -> None:
        if should_stop():
            raise KeyboardInterrupt
        told(step, share)

    return heeded
