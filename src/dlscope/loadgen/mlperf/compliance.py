"""Self-checks after MLPerf's audits: TEST01 (answers while measured) and TEST04 (no caching).

They run the genuine LoadGen as the audits do, and are shorter: what an auditor runs for ten
minutes each, they run for as long as the scenario says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dlscope.core.errors import MeasurementError
from dlscope.core.manifest import ScenarioManifest
from dlscope.core.run import Condition, Samples
from dlscope.core.units import format_percent
from dlscope.loadgen.mlperf.answering import RespondingSystem
from dlscope.loadgen.mlperf.door import MlperfOutcome, drive_with_mlperf
from dlscope.loadgen.mlperf.keys import LoadGenScenario, Number
from dlscope.loadgen.mlperf.logs import ACCURACY, parse_accuracy
from dlscope.loadgen.mlperf.requested import loadgen_scenario
from dlscope.loadgen.mlperf.settings import Settings
from dlscope.loadgen.system_under_test import SystemUnderTest

_TOLERANCE = 0.10
_WIDE = 0.20
# Below these latencies of a query the system's own noise is relaxed for (verify_performance.py).
_SHORT_NS: Mapping[LoadGenScenario, int] = {"SingleStream": 200_000, "MultiStream": 1_600_000}
_SAMPLED = 64


@dataclass(frozen=True)
class Speed:
    """How fast a run was: `per_s` is samples/s offline, else queries/s at the median latency."""

    scenario: LoadGenScenario
    per_s: float

    @classmethod
    def of(cls, samples: Samples, scenario: LoadGenScenario) -> Speed:
        """The speed of a run. Raises `MeasurementError` when nothing was answered.

        MLPerf compares the scores. The completed rate of a server is what it was offered and
        would pass whatever the system did, so its median latency is compared instead, and that of
        the streams too, whose score needs a run long enough for early stopping.
        """
        if not samples.ok.any():
            raise MeasurementError(
                "no query was answered, so there is no speed to compare",
                where=f"LoadGen, {scenario}",
                fix="see the log of the run for why every query failed",
            )
        if scenario == "Offline":
            return cls(scenario, len(samples) / samples.duration_ns * 1e9)
        return cls(scenario, 1e9 / float(np.median(samples.latency_ns)))

    @property
    def tolerance(self) -> float:
        """The share by which another run may differ: 10 %, 20 % where queries are very short."""
        is_short = 1e9 / self.per_s <= _SHORT_NS.get(self.scenario, 0)
        return _WIDE if is_short else _TOLERANCE


def same_speed(reference: Speed, measured: Speed) -> Condition:
    """TEST01: the run whose answers were logged is as fast as the reference, either way."""
    change = measured.per_s / reference.per_s - 1
    holds = abs(change) <= reference.tolerance
    return Condition(
        "TEST01 speed",
        f"{format_percent(change, 1)} faster",
        f"within {format_percent(reference.tolerance)}",
        holds,
        "" if holds else "look for work that depends on whether answers are looked at",
    )


def not_cached(distinct: Speed, repeated: Speed) -> Condition:
    """TEST04: repeating one sample is at most 10 % faster than asking for distinct ones."""
    change = repeated.per_s / distinct.per_s - 1
    holds = change < distinct.tolerance
    return Condition(
        "TEST04 caching",
        f"{format_percent(change, 1)} faster",
        f"< {format_percent(distinct.tolerance)} faster",
        holds,
        "" if holds else "the system keeps answers or intermediate results by sample",
    )


def same_answers(
    expected: Mapping[int, list[bytes]], logged: Mapping[int, list[bytes]]
) -> Condition:
    """TEST01: every answer logged while measuring is, byte by byte, that of the accuracy run."""
    pairs = [(sample, answer) for sample, answers in logged.items() for answer in answers]
    differ = sorted({s for s, answer in pairs if [answer] != expected.get(s, [])[:1]})
    shown = f": sample {', '.join(map(str, differ[:5]))}" if differ else ""
    holds = bool(pairs) and not differ
    return Condition(
        "TEST01 answers",
        f"{len(differ)} of {len(pairs)} answers differ{shown}" if pairs else "no answer was logged",
        "0 differ",
        holds,
        "" if holds else "the system answers differently when its answers are not checked",
    )


def check_test01(
    scenario: ScenarioManifest, system: RespondingSystem, settings: Settings | None, folder: Path
) -> tuple[Condition, ...]:
    """TEST01 in three runs: accuracy, speed, and speed with about 64 of its answers logged."""
    kind, base = _kind_and_settings(scenario, settings)
    accuracy = drive_with_mlperf(scenario, system, base, folder / "accuracy", mode="accuracy")
    reference = drive_with_mlperf(scenario, system, base, folder / "reference")
    sampling = _with(base, accuracy_log_sampling_target=_SAMPLED)
    audited = drive_with_mlperf(scenario, system, sampling, folder / "audited")
    return (
        same_answers(_answers(accuracy), _answers(audited)),
        same_speed(Speed.of(reference.samples, kind), Speed.of(audited.samples, kind)),
    )


def check_test04(
    scenario: ScenarioManifest, system: SystemUnderTest, settings: Settings | None, folder: Path
) -> tuple[Condition, ...]:
    """TEST04 in two runs: each loaded sample once, and one of them as many times."""
    kind, base = _kind_and_settings(scenario, settings)
    few = _with(base, min_duration_ms=0, min_query_count=system.samples)
    unique = _with(few, performance_issue_unique=True)
    distinct = drive_with_mlperf(scenario, system, unique, folder / "distinct")
    same = _with(few, performance_issue_same=True, performance_issue_same_index=0)
    repeated = drive_with_mlperf(scenario, system, same, folder / "repeated")
    return (not_cached(Speed.of(distinct.samples, kind), Speed.of(repeated.samples, kind)),)


def _kind_and_settings(
    scenario: ScenarioManifest, settings: Settings | None
) -> tuple[LoadGenScenario, Settings]:
    kind = loadgen_scenario(scenario)
    return kind, settings or Settings(kind)


def _with(settings: Settings, **fields: Number) -> Settings:
    return replace(settings, values={**settings.values, **fields})


def _answers(outcome: MlperfOutcome) -> dict[int, list[bytes]]:
    return parse_accuracy(outcome.artifacts[ACCURACY])
