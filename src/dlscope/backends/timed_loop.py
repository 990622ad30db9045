"""`TimedLoop`: closed loops timed where the model is, when that is another process.

A pipe between the clock and the model would be part of every latency; so the queries are sent
ahead, answered in rounds over there, and only their times come back.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Round:
    """Queries of one round, in ns on the monotonic clock, and whether the run is over."""

    issued_ns: NDArray[np.int64]
    completed_ns: NDArray[np.int64]
    ok: NDArray[np.bool_]
    ended: bool


@dataclass
class Crossing:
    """Time of single predictions as seen from here, and the part of it spent in the framework."""

    whole_ns: int = 0
    inside_ns: int = 0

    def clear(self) -> None:
        """Begin to count anew."""
        self.whole_ns = self.inside_ns = 0

    @property
    def share(self) -> float | None:
        """The part of the time that was the way there and back; None before any prediction."""
        return 1 - self.inside_ns / self.whole_ns if self.whole_ns else None


class TimedLoop(ABC):
    """Keeps the inputs of queries beside the model in process `pid`, and asks it for rounds.

    `crossing` counts what single predictions, asked for from here, lose on the way.
    """

    pid: int
    crossing: Crossing

    @abstractmethod
    def keep(self, query: int, feeds: Mapping[str, NDArray[Any]]) -> None:
        """Send the inputs of one more prediction of `query`, to stay there."""

    @abstractmethod
    def forget(self) -> None:
        """Let go of all that was kept."""

    @abstractmethod
    def round(self, order: NDArray[np.int32], rule: Mapping[str, int | None]) -> Round:
        """Answer the queries named in `order` until `rule` or the round ends.

        `rule` has the fields of a stop rule, `queries` answered before, `first_ns` of the first
        issue (None before it), and `round_ns`, after which the times come home.
        """
