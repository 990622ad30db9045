"""Scenarios of any type, and systems on a virtual clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from dlscope.core.errors import MeasurementError
from dlscope.core.manifest import ScenarioManifest
from dlscope.loadgen.system_under_test import Query, SystemUnderTest
from dlscope.tracing.clock import VirtualClock


class Serving(SystemUnderTest):
    """Takes `service_ns` of a virtual clock for each query, in turn, and keeps what it is asked."""

    def __init__(self, clock: VirtualClock, *service_ns: int, samples: int = 8) -> None:
        self.clock, self.service_ns, self._samples = clock, service_ns, samples
        self.asked: list[Query] = []
        self.failing: set[int] = set()

    @property
    def samples(self) -> int:
        return self._samples

    def load(self, samples: Sequence[int]) -> None: ...

    def unload(self, samples: Sequence[int]) -> None: ...

    def answer(self, samples: Query) -> None:
        turn = len(self.asked)
        self.asked.append(samples)
        self.clock.advance(self.service_ns[turn % len(self.service_ns)])
        if turn in self.failing:
            raise MeasurementError("no", where="here", fix="none")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(start_ns=1_000)


@pytest.fixture
def serving(clock: VirtualClock) -> Callable[..., Serving]:
    def build(*service_ns: int, samples: int = 8) -> Serving:
        return Serving(clock, *service_ns, samples=samples)

    return build


@pytest.fixture
def of_type() -> Callable[..., ScenarioManifest]:
    """A scenario of a type, its fields changed; without a least duration."""

    def build(kind: str, **fields: Any) -> ScenarioManifest:
        return ScenarioManifest.model_validate(
            {"schema_version": 1, "name": "tiny", "type": kind, "min_duration_ms": 0, **fields}
        )

    return build
