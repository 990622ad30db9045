"""How a long command comes along: a redrawn block on a terminal, one plain line per Run elsewhere.

Everything goes to standard error.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, final

from dlscope.agents.device_lock import WAITING
from dlscope.api import Watcher
from dlscope.cli.live import started
from dlscope.cli.pace import Pace
from dlscope.core.units import format_number, scale_for
from dlscope.reporting.plan_labels import PlanLabels

if TYPE_CHECKING:
    from rich.live import Live

    from dlscope.core.errors import StoreError
    from dlscope.core.plan import Plan
    from dlscope.core.run import Run

_SIGNS = {"finished": "✓", "failed": "✕", "aborted": "▲"}


@final
class Progress(Watcher):
    """Shows plans being carried out and remembers how they ended."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._is_terminal = sys.stderr.isatty()
        self._live: Live | None = None
        self._total = 0
        self._started = time.monotonic()
        self._now = ""
        self._plans: tuple[Plan, ...] = ()
        self._labels = PlanLabels(())
        self._lines: list[str] = []
        self._pace = Pace()
        self.refused = 0
        self.runs: tuple[Run, ...] = ()
        self.known = 0

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
        if kind is KeyboardInterrupt:
            sys.stderr.write(
                f"interrupted after {len(self.runs)} of {self._total} runs; all are kept, "
                "run the same command again to go on\n"
            )

    def planned(self, plans: Sequence[Plan], refused: int) -> None:
        """Remember how much there is to do."""
        self._total += len(plans)
        self._plans += tuple(plans)
        self._labels = PlanLabels(self._plans)
        self.refused += refused

    def progress(self, plan: Plan, event: Mapping[str, Any]) -> None:
        """Remember what is being done."""
        share = f" {event['share']:.0%}" if event.get("share") else ""
        self._now = f"{self._labels.of(plan)} · {event['step']}{_trial(event)}{share}"
        if self._is_terminal:
            return
        if event["step"] == WAITING:
            sys.stderr.write(f"{WAITING}\n")
        elif self._pace.is_due():
            sys.stderr.write(f"{len(self.runs)}/{self._total} now {self._now}\n")

    def finished(self, plan: Plan, run: Run, is_known: bool) -> None:
        """Count a Run; off a terminal, say so in one line."""
        self.runs += (run,)
        self.known += is_known
        self._lines.append(_line(self._labels.of(plan), run, is_known=is_known))
        if not self._is_terminal:
            sys.stderr.write(f"{len(self.runs)}/{self._total} {self._lines[-1]}\n")
            self._pace.begin()

    def spooled(self, run: Run, refusal: StoreError) -> None:
        """Say at once that a Run is not where it belongs."""
        sys.stderr.write(
            f"▲ {refusal.what}: run {run.id} is kept aside; when the store can be written again, "
            "bring it home with `dlscope store import-spool`\n"
        )

    def _block(self) -> Any:
        from rich.text import Text

        done, elapsed = len(self.runs), time.monotonic() - self._started
        width = 40
        filled = round(width * done / self._total) if self._total else 0
        refused = f", {self.refused} refused" if self.refused else ""
        lines = [
            f"{self._title}  {self._total} runs{refused}",
            f"{'━' * filled}{'╌' * (width - filled)} {done}/{self._total}  "
            f"{elapsed:.0f} s{self._left(elapsed)}",
            *(f"  {line}" for line in self._lines[-3:]),
            f"now  {self._now or 'planning'}",
            "Ctrl-C finishes the current query and keeps all results; a second run resumes.",
        ]
        return Text("\n".join(lines))

    def _left(self, elapsed: float) -> str:
        """Time left by the Runs measured so far; nothing until there is one."""
        measured = len(self.runs) - self.known
        if not measured:
            return ""
        left = elapsed / measured * (self._total - len(self.runs))
        return f", about {left:.0f} s left"


def _trial(event: Mapping[str, Any]) -> str:
    """Which trial of a search for the highest rate is under way."""
    if "trial" not in event:
        return ""
    return f", trial {event['trial']} at {format_number(event['rate_qps'])} queries/s"


def _line(label: str, run: Run, *, is_known: bool) -> str:
    sign = _SIGNS[run.status]
    if run.error is not None:
        return f"{sign} {label}: {run.error['what']}"
    words = []
    top_1 = run.metric("top_1")
    if top_1 is not None:
        words.append(f"{top_1.count}/{top_1.n} right")
    mean_ns = run.samples.trimmed_mean_ns
    if mean_ns is not None:
        unit, factor = scale_for("ns", [mean_ns])
        words.append(f"mean {format_number(mean_ns * factor)} {unit}")
    if is_known:
        words.append("already measured")
    return f"{sign} {label}: {', '.join(words) or run.status}"
