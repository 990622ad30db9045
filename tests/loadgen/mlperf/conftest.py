"""Systems under test that sleep, fail or remember, and scenarios short enough to test with."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from dlscope.core.manifest import ScenarioManifest
from dlscope.loadgen.mlperf.answering import RespondingSystem
from dlscope.loadgen.system_under_test import SystemUnderTest


class FixedLatency(SystemUnderTest):
    """Answers after `latency_s`, doing `also` with the samples of each query."""

    def __init__(
        self,
        latency_s: float = 0.0,
        samples: int = 16,
        also: Callable[[Sequence[int]], None] = lambda _: None,
    ) -> None:
        self.latency_s, self._samples, self.also = latency_s, samples, also
        self.loaded: list[list[int]] = []
        self.unloaded: list[list[int]] = []
        self.asked: list[list[int]] = []

    @property
    def samples(self) -> int:
        return self._samples

    def load(self, samples: Sequence[int]) -> None:
        self.loaded.append(list(samples))

    def unload(self, samples: Sequence[int]) -> None:
        self.unloaded.append(list(samples))

    def answer(self, samples: Sequence[int]) -> None:
        self.asked.append(list(samples))
        if self.latency_s:
            time.sleep(self.latency_s)
        self.also(samples)


class Responding(RespondingSystem):
    """Gives `respond_to(sample)` for each sample, after `latency_of(sample)` seconds."""

    samples = 80

    def __init__(
        self,
        respond_to: Callable[[int], bytes] = lambda sample: f"answer {sample}".encode(),
        latency_of: Callable[[int], float] = lambda _: 0.001,
    ) -> None:
        self.respond_to, self.latency_of = respond_to, latency_of

    def load(self, samples: Sequence[int]) -> None:
        pass

    def unload(self, samples: Sequence[int]) -> None:
        pass

    def respond(self, samples: Sequence[int]) -> Sequence[bytes]:
        time.sleep(max(self.latency_of(sample) for sample in samples))
        return [self.respond_to(sample) for sample in samples]


@pytest.fixture
def fixed_latency() -> type[FixedLatency]:
    return FixedLatency


@pytest.fixture
def responding() -> type[Responding]:
    return Responding


@pytest.fixture
def scenario() -> Callable[..., ScenarioManifest]:
    def build(kind: str, **fields: Any) -> ScenarioManifest:
        short = {"min_duration_ms": 0, "min_queries": 64, **fields}
        return ScenarioManifest(schema_version=1, name="tiny", type=kind, **short)

    return build
