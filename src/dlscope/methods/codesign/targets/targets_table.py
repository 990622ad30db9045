"""`targets_table`: every design on every device, and which of them wins where.

The winner of a device has the smallest error · time per result, equation (1) of EDD for a design
that fits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import final

from dlscope.core.errors import DlscopeError, SearchError
from dlscope.core.table import Column, Table
from dlscope.devices.base import Device
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space
from dlscope.reporting.words import plural

TARGETS = (
    Column("design", "str", "identity of the design", role="id"),
    Column("found_for", "str", "device that it was searched for"),
    Column("device", "str", "device that it is held against", role="id"),
    Column("interval_ns", "float", "time per result there", "ns", role="value"),
    Column("error", "float", "share of wrong answers after training", "share", role="value"),
    Column("score", "float", "error · ms per result, lower is better", role="value"),
    Column("rank", "int", "place among all designs on that device, from 1 on", role="count"),
    Column("slowdown", "float", "time / that of the winner there", role="value"),
    Column("is_winner", "bool", "whether its score is the smallest there"),
    Column("reason", "str", "why it does not run there", priority=2),
)
_NS_PER_MS = 1e6


@final
@dataclass(frozen=True)
class Candidate:
    """A design, the device it was searched for, and its error after training."""

    identity: str
    design: Design
    found_for: str
    error: float


@final
@dataclass(frozen=True)
class Placed:
    """A candidate on a device; `interval_ns` is None where it does not run there."""

    candidate: Candidate
    device: str
    interval_ns: float | None
    reason: str = ""

    @property
    def score(self) -> float:
        """Error · ms per result; infinite where it does not run."""
        if self.interval_ns is None:
            return float("inf")
        return self.candidate.error * self.interval_ns / _NS_PER_MS


def placed_on(
    space: Space, devices: Mapping[str, Device], candidates: Sequence[Candidate]
) -> list[list[Placed]]:
    """For each device all candidates, the best first.

    Raises `SearchError` for no candidates, and for fewer than two devices.
    """
    if not candidates or len(devices) < 2:
        raise SearchError(
            f"{plural(len(candidates), 'design')} on {plural(len(devices), 'device')} are no "
            "comparison",
            where="targets",
            fix="give searches that chose a design, and at least two devices: a search for another "
            "one, or --device zc706:recursive",
        )
    return [
        sorted(_placed(space, name, device, candidates), key=lambda each: each.score)
        for name, device in devices.items()
    ]


def targets_table(placed: Iterable[Sequence[Placed]]) -> Table:
    """A row for each design on each device, the best of a device first."""
    return Table.of("targets", TARGETS, (row for each in placed for row in _rows(each)))


def _placed(
    space: Space, name: str, device: Device, candidates: Sequence[Candidate]
) -> Iterator[Placed]:
    try:
        implementer = Implementer(space, device)
    except DlscopeError as error:
        yield from (Placed(each, name, None, error.problems[0].what) for each in candidates)
        return
    for each in candidates:
        try:
            yield Placed(each, name, implementer.implement(each.design).interval_ns)
        except DlscopeError as error:
            yield Placed(each, name, None, error.problems[0].what)


def _rows(placed: Sequence[Placed]) -> Iterator[dict[str, str | int | float | None]]:
    best = placed[0]
    for rank, each in enumerate(placed, start=1):
        row: dict[str, str | int | float | None] = {
            "design": each.candidate.identity,
            "found_for": each.candidate.found_for,
            "device": each.device,
            "error": each.candidate.error,
            "is_winner": each is best and each.interval_ns is not None,
            "reason": each.reason or None,
        }
        if each.interval_ns is not None:
            assert best.interval_ns is not None
            row |= {
                "interval_ns": each.interval_ns,
                "score": each.score,
                "rank": rank,
                "slowdown": each.interval_ns / best.interval_ns,
            }
        yield row
