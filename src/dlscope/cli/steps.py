"""How a command comes along that is one thing after another: a bar on a terminal, else lines."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, final

from dlscope.cli.live import started
from dlscope.cli.pace import Pace

if TYPE_CHECKING:
    from rich.live import Live

_WIDTH = 40
GOES_ON = "what was measured is kept, run the same command again to go on"
RESUMES = "what was done is kept, run the same command with --resume to go on"
BEGINS_AGAIN = "nothing is kept, the same command begins again"
"""What is said to whoever interrupts: how a command takes up what it had done."""


@final
class Steps:
    """Shows what is being done, and how much of it is; everything goes to standard error.

    `afterwards` is said where it is interrupted. Where steps are `many`, a line is let through
    every ten seconds, and where the share begins anew, with another stage.
    """

    def __init__(self, title: str, afterwards: str = GOES_ON, *, many: bool = False) -> None:
        self._title = title
        self._afterwards = afterwards
        self._many = many
        self._is_terminal = sys.stderr.isatty()
        self._live: Live | None = None
        self._started = time.monotonic()
        self._step = ""
        self._share = 0.0
        self._pace = Pace()

    def told(self, step: str, share: float) -> None:
        """Remember what is being done; off a terminal, say each step, and how far a long one is."""
        goes_on = self._many and self._step and share > self._share
        is_new = step != self._step and not goes_on
        self._step, self._share = step, min(max(share, 0.0), 1.0)
        if self._is_terminal:
            return
        if is_new:
            sys.stderr.write(f"{self._title}: {step}\n")
            self._pace.begin()
        elif self._pace.is_due():
            sys.stderr.write(f"{self._title}: {step}, {self._share:.0%}\n")

    def __enter__(self) -> Self:
        if self._is_terminal:
            self._live = started(self._block)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()
        if kind is KeyboardInterrupt and not str(error):
            sys.stderr.write(f"interrupted; {self._afterwards}\n")

    def _block(self) -> Any:
        from rich.text import Text

        filled = round(_WIDTH * self._share)
        bar = f"{'━' * filled}{'╌' * (_WIDTH - filled)}"
        elapsed = time.monotonic() - self._started
        return Text(f"{self._title}\n{bar} {self._share:.0%}  {elapsed:.0f} s\nnow  {self._step}")
