"""What the closed loop keeps of each part: its report, and what it handed over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from dlscope.core.report import Report


@final
@dataclass(frozen=True)
class HandOver:
    """A number that one part `predicted`, and the same as another part `measured` it, in `unit`.

    `table` is where the first wrote it, `read_by` says who measured it again.
    """

    quantity: str
    table: str
    read_by: str
    predicted: float
    measured: float
    unit: str

    @property
    def ratio(self) -> float:
        """Predicted ÷ measured."""
        return self.predicted / self.measured


@final
@dataclass(frozen=True)
class Part:
    """A part of the loop: the question it answers, what it reads and gives, and what it took."""

    name: str
    question: str
    reads: str
    gives: str
    command: str
    report: Report
    hand_overs: tuple[HandOver, ...] = ()
    wall_s: float = 0.0
    cpu_s: float = 0.0
