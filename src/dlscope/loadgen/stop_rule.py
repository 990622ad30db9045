"""`StopRule`: when a scenario has seen enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from dlscope.core.manifest import ScenarioManifest


@dataclass(frozen=True)
class StopRule:
    """Ends when both minima are reached, or either maximum (0 is no maximum)."""

    min_queries: int
    min_duration_ns: int
    max_queries: int
    max_duration_ns: int

    @classmethod
    def of(cls, scenario: ScenarioManifest) -> Self:
        """The rule a scenario declares.

        Where everything is asked at once, what counts is not the one query but its parts: as many
        as the scenario's samples fill at its batch size.
        """
        queries = scenario.min_queries
        if scenario.rule.arrivals == "at_once":
            queries = max(queries, -(-scenario.samples_per_query // scenario.batch_size[0]))
        return cls(
            queries,
            round(scenario.min_duration_ms * 1e6),
            scenario.max_queries,
            round(scenario.max_duration_ms * 1e6),
        )

    def ends(self, queries: int, elapsed_ns: int) -> bool:
        """Whether a run of `queries` answered queries over `elapsed_ns` is over."""
        if queries >= self.min_queries and elapsed_ns >= self.min_duration_ns:
            return True
        too_many = 0 < self.max_queries <= queries
        too_long = 0 < self.max_duration_ns <= elapsed_ns
        return too_many or too_long

    def share_done(self, queries: int, elapsed_ns: int) -> float:
        """How far a run has come, 0 … 1, for progress."""
        by_count = queries / self.min_queries if self.min_queries else 1.0
        by_time = elapsed_ns / self.min_duration_ns if self.min_duration_ns else 1.0
        shares = [min(by_count, by_time)]
        if self.max_queries:
            shares.append(queries / self.max_queries)
        if self.max_duration_ns:
            shares.append(elapsed_ns / self.max_duration_ns)
        return min(1.0, max(shares))
