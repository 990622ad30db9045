"""`Reached`: what a design reaches of what can be required; `Alternative`, another design."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from dlscope.core.table import Cell
from dlscope.core.units import format_number, format_percent, scale_for
from dlscope.methods.codesign.search_record import SearchRecord
from dlscope.methods.codesign.tables import Record

NS_PER_MS = 1e6


@final
@dataclass(frozen=True)
class Reached:
    """Figures of one design; what nobody measured or predicted is None.

    `interval_ns` passes between results, `latency_ns` from input to result. `error` is a share of
    wrong answers with the ends of its 95 % interval, `loss` what a search estimates in its place,
    `kept_work` how much of the work of the chosen design is done, where neither is known.
    """

    interval_ns: float
    latency_ns: float | None = None
    error: float | None = None
    error_lo: float | None = None
    error_hi: float | None = None
    loss: float | None = None
    kept_work: float | None = None
    energy_j: float | None = None
    weight_bytes: float | None = None
    input: tuple[int, int, int] | None = None

    @property
    def said(self) -> str:
        """Time and error, or the loss, in words."""
        told = [f"{told_time(self.interval_ns)} a result"]
        if self.error is not None:
            told.append(f"error {format_percent(self.error, 1)}")
        elif self.loss is not None:
            told.append(f"estimated loss {format_number(self.loss)}")
        elif self.kept_work is not None:
            told.append(f"{format_percent(self.kept_work)} of the work, not trained")
        return ", ".join(told)


@final
@dataclass(frozen=True)
class Alternative:
    """Another design, what would have to change for it, and what it reaches."""

    change: str
    reached: Reached


def chosen_of(record: SearchRecord) -> Reached | None:
    """What the chosen design of a search reaches; None where it has none."""
    for row in record.table("pareto"):
        if row["is_chosen"] is True:
            return _reached(row, record)
    return None


def alternatives_of(record: SearchRecord) -> Iterator[Alternative]:
    """All other designs that a search has met."""
    for row in record.table("pareto"):
        if row["is_chosen"] is not True and _number(row["interval_ns"]) is not None:
            yield Alternative(f"take design {row['design']}", _reached(row, record))


def told_time(time_ns: float) -> str:
    """A time with the unit that people read: `7.96 ms`."""
    scale = scale_for("ns", [time_ns])
    return f"{format_number(time_ns * scale.factor)} {scale.unit}"


def _reached(row: Record, record: SearchRecord) -> Reached:
    interval_ns = _number(row["interval_ns"])
    latency_ns = _number(row["latency_ns"])
    if latency_ns is None and record.objective == "latency":
        latency_ns = interval_ns
    return Reached(
        interval_ns=float("inf") if interval_ns is None else interval_ns,
        latency_ns=latency_ns,
        error=_number(row["error"]),
        error_lo=_number(row["error_lo"]),
        error_hi=_number(row["error_hi"]),
        loss=_number(row["loss"]),
        energy_j=_number(row["energy_j"]),
        weight_bytes=_number(row["weight_bytes"]),
        input=record.input,
    )


def _number(cell: Cell) -> float | None:
    return None if cell is None or isinstance(cell, str) else float(cell)
