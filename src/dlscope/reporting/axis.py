"""`Axis`: the one scale on which all interval strips of a column are drawn."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from dlscope.core.units import MINUS, format_number
from dlscope.reporting.cells import Shown, ShownColumn

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_OFF_SCALE_FACTOR = 10.0
_START_AT_ZERO_BELOW = 0.6


@dataclass(frozen=True)
class Axis:
    """A linear scale from `low` to `high` in the display unit of the column."""

    low: float
    high: float
    unit: str

    @property
    def label(self) -> str:
        """The scale in words: `0–60 ms`, or `−5 … 55 ms` where it crosses zero."""
        between = " … " if self.low < 0 else "–"
        unit = f" {self.unit}" if self.unit else ""
        return f"{_short(self.low)}{between}{_short(self.high)}{unit}"

    def place(self, number: float) -> float:
        """Where `number` stands: 0 at the left end, 1 at the right end, never outside."""
        return min(1.0, max(0.0, (number - self.low) / (self.high - self.low)))

    def is_off(self, cell: Shown) -> bool:
        """Whether the value of `cell` lies beyond the right end."""
        return cell.number is not None and cell.number > self.high


def axis_of(column: ShownColumn) -> Axis | None:
    """The scale of a column with intervals; None when it holds no finite number.

    Shares reach from 0 to 100 %. Values over ten times the median are left off the scale, so
    that one slow row does not hide the differences of all others.
    """
    values = [cell.number for cell in column.cells if cell.number is not None]
    if not values:
        return None
    if column.unit == "%" and min(values) >= 0 and max(values) <= 100:
        return Axis(0.0, 100.0, "%")
    limit = _OFF_SCALE_FACTOR * statistics.median(values) if len(values) > 2 else math.inf
    kept = [cell for cell in column.cells if cell.number is not None and cell.number <= limit]
    if limit <= 0 or not kept:
        kept = [cell for cell in column.cells if cell.number is not None]
    ends = [end for cell in kept for end in (cell.number, cell.lo, cell.hi) if end is not None]
    low, high = _nice(min(ends), max(ends))
    return Axis(low, high, column.unit) if math.isfinite(high - low) and high > low else None


def _nice(low: float, high: float) -> tuple[float, float]:
    """Round ends around `low` … `high`; from 0 unless all values stand far from it."""
    if low >= 0 and low < _START_AT_ZERO_BELOW * high:
        low = 0.0
    span = (high - low) or abs(high) or 1.0
    rough = span / 4
    if rough < 1e-300:
        return low, high
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in _STEPS if factor * power >= rough * (1 - 1e-9))
    return math.floor(low / step) * step, math.ceil(high / step + 1e-9) * step


def _short(number: float) -> str:
    text = f"{abs(number):g}" if 1e-3 <= abs(number) < 1e6 else format_number(abs(number))
    return f"{MINUS}{text}" if number < 0 else ("0" if number == 0 else text)
