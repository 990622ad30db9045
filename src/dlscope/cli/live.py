"""A block on the terminal that is redrawn until it is taken away."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.live import Live

_REDRAWS_PER_S = 4


def started(block: Callable[[], Any]) -> Live:
    """The block on standard error, drawn from now on until it is stopped."""
    from rich.console import Console
    from rich.live import Live

    live = Live(
        console=Console(stderr=True),
        refresh_per_second=_REDRAWS_PER_S,
        transient=True,
        get_renderable=block,
    )
    live.start()
    return live
