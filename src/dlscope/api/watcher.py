"""`Watcher` and `Told`: told how plans, or steps, come along; each face has its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlscope.core.errors import StoreError
    from dlscope.core.plan import Plan
    from dlscope.core.run import Run


class Watcher:
    """Keeps quiet; a face fills in what it wants to show."""

    def planned(self, plans: Sequence[Plan], refused: int) -> None:
        """These plans will be carried out; `refused` points of the matrix will not."""

    def progress(self, plan: Plan, event: Mapping[str, Any]) -> None:
        """How the current plan comes along: `{"step": name, "share": 0…1}`."""

    def finished(self, plan: Plan, run: Run, is_known: bool) -> None:
        """A Run has ended, or, when it `is_known`, was found in the store."""

    def spooled(self, run: Run, refusal: StoreError) -> None:
        """A Run lies in the spool, since the store would not take it."""


QUIET = Watcher()

Told = Callable[[str, float], None]
"""Receives what is being done and how much of it is, 0…1: for what is one step after another."""


def tell_nobody(_step: str, _share: float) -> None:
    """Keeps quiet."""


def never() -> bool:
    """Nobody asks to stop."""
    return False
