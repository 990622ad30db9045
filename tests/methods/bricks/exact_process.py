"""A process that walks over bricks with a clock on which every layer takes what it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from hand_made_times import NULL_HOT_NS, NULL_NS, SESSION_NS, VIEW_NS, layers_ns

from dlscope.methods.bricks.protocol import Protocol
from dlscope.methods.bricks.running import Item, Walked
from dlscope.methods.bricks.suite import Suite
from dlscope.methods.bricks.walk import walks_of

NOT_CPU = 2
"""On this clock, wall time is twice the CPU time."""
_BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class ExactProcess:
    """Stands in for `run_process`; remembers what it was asked for.

    Bricks called `broken` fail. Instead of the process number `interrupt_at` comes an interrupt.
    """

    asked: list[tuple[set[str], list[str]]] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    interrupt_at: int | None = None

    def __call__(
        self,
        suite: Suite,
        protocol: Protocol,
        models: Mapping[str, Path],
        wanted: Set[str] | None = None,
        progress: Callable[[Mapping[str, Any]], None] = lambda _: None,
    ) -> Walked:
        if self.interrupt_at == len(self.asked):
            self.interrupt_at = None
            raise KeyboardInterrupt
        wanted = set(suite.bricks) if wanted is None else set(wanted)
        self.asked.append((wanted, list(models)))
        progress({"share": 1.0})
        walks = walks_of(suite, protocol, wanted - self.broken)
        items = [
            Item(walk.model, each.brick, each.in_place) for walk in walks for each in walk.items
        ]
        taken = [layers_ns(suite.bricks[item.brick]) for item in items]
        rounds = protocol.min_rounds
        return Walked(
            started_utc=(_BEGAN + timedelta(minutes=len(self.asked))).isoformat(),
            items=tuple(items),
            models=tuple(models),
            walk=_repeated(np.array(taken) + SESSION_NS, rounds),
            null=_repeated(np.full(len(items), NULL_NS), rounds),
            whole=_repeated(np.array([[self._whole(suite, name)] * 2 for name in models]), rounds),
            hot=_repeated(np.array(taken) + NULL_HOT_NS, 9),
            null_hot=_repeated(np.full(protocol.nulls, NULL_HOT_NS), 9),
            touch=_repeated(np.array(taken) + SESSION_NS, 5),
            view=np.full((6, 2), VIEW_NS),
            opened_ns=dict.fromkeys(wanted - self.broken, 1_000_000),
            opened_models_ns=dict.fromkeys(models, 2_000_000),
            failed=dict.fromkeys(sorted(wanted & self.broken), "it is broken"),
        )

    def _whole(self, suite: Suite, name: str) -> float:
        model = suite.model(name)
        layers = 0.0
        for term in model.terms:
            each = [layers_ns(suite.bricks[brick]) for brick in term.bricks]
            layers += term.count * (each[0] - sum(each[1:]))
        return NULL_HOT_NS + layers + model.views * VIEW_NS


def _repeated(taken_ns: np.ndarray, times: int) -> np.ndarray:
    """Wall and CPU time of so many repetitions, in whole ns."""
    both = np.stack([taken_ns * NOT_CPU, taken_ns], axis=-1)
    return np.repeat(both[None].astype(np.int64), times, axis=0)
