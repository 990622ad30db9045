"""One test of the genuine LoadGen: it decides what is asked and when, and judges the answers.

Latencies are LoadGen's own. It tells those of single queries only in its trace, which is therefore
written (about 0.8 kB and 4 to 10 µs of CPU time of LoadGen's logging thread for each query), read
and removed; its clock is mapped to the monotonic one by the smallest delay seen between LoadGen's
issue and the callback's entry. Percentiles of what was read must equal the detail log's.

How a test is run, and what ending one early means, is told in `running`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dlscope.core.errors import MeasurementError
from dlscope.core.manifest import ScenarioManifest
from dlscope.core.run import Condition, Samples
from dlscope.loadgen.closed_loop import Watch, never
from dlscope.loadgen.mlperf.answering import ANSWERED, SKIPPED, Answering
from dlscope.loadgen.mlperf.calibration import expectation
from dlscope.loadgen.mlperf.logs import ACCURACY, DETAIL, SUMMARY, TRACE, Detail, parse_detail
from dlscope.loadgen.mlperf.requested import Requested, requested
from dlscope.loadgen.mlperf.running import (
    LoadGenTest,
    Mode,
    alone,
    complete,
    import_loadgen,
    in_its_own_thread,
)
from dlscope.loadgen.mlperf.settings import Override, Settings
from dlscope.loadgen.mlperf.trace import Answered, Times, read_trace
from dlscope.loadgen.mlperf.verdict import conditions, ended
from dlscope.loadgen.system_under_test import SystemUnderTest
from dlscope.tracing.clock import MonotonicClock

SETTINGS = "mlperf_settings.json"

_CHECKED = (50, 90, 99)


@dataclass(frozen=True)
class MlperfOutcome:
    """What a test gave: queries with their times, the texts LoadGen wrote, and its verdict.

    `samples` has one row for each query, offline for each part, as the native generator has;
    `artifacts` are LoadGen's logs and the fields that were set; `overrides` the user's values
    that do not comply with MLPerf's rules.
    """

    samples: Samples
    artifacts: dict[str, str]
    conditions: tuple[Condition, ...]
    detail: Detail
    overrides: tuple[Override, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)


def drive_with_mlperf(
    scenario: ScenarioManifest,
    system: SystemUnderTest,
    settings: Settings | None,
    folder: Path,
    watch: Watch = never,
    *,
    mode: Mode = "performance",
) -> MlperfOutcome:
    """Let LoadGen drive `system` through `scenario`; its logs stay in `folder`.

    `settings` are read from LoadGen's files (`read_settings`) and win over the scenario. In mode
    `accuracy` each sample is asked once and nothing is judged. Raises `PlanError` for a scenario
    LoadGen does not have, `PluginError` without LoadGen, `MeasurementError` for a system without
    samples or while another test runs, and whatever the system or the watch raised unasked.
    """
    asked = requested(scenario, settings)
    if not system.samples:
        raise MeasurementError(
            "the system has no sample to be asked for",
            where=f"scenario {scenario.name}",
            fix="give it a data set with at least one item that can be prepared",
        )
    loadgen = import_loadgen()
    clock = MonotonicClock()
    folder.mkdir(parents=True, exist_ok=True)
    part = scenario.batch_size[0]
    answering = Answering(system, asked.scenario, partial(complete, loadgen), watch, clock, part)
    with alone() as held:
        fields = {**expectation(asked, system, clock), **asked.fields}
        test = LoadGenTest(asked.scenario, mode, fields, system.samples, folder)
        in_its_own_thread(partial(test.run, loadgen, answering), answering, held)
    try:
        if answering.error is not None:
            raise answering.error
        answered = read_trace(folder / TRACE)
    finally:
        (folder / TRACE).unlink(missing_ok=True)
    detail = parse_detail(_text(folder / DETAIL))
    samples = _samples(answered, asked, answering, part)
    if mode == "performance" and not answering.is_ended:
        _require_agreement(answered, asked, detail)
        verdict = conditions(detail, asked, samples, scenario.max_failed_fraction)
    else:
        verdict = ended(len(samples)) if answering.is_ended else ()
    overrides = settings.overrides if settings else ()
    return MlperfOutcome(
        samples, _artifacts(folder, asked, fields, overrides), verdict, detail, overrides, fields
    )


def _samples(answered: Answered, asked: Requested, answering: Answering, part: int) -> Samples:
    """One row for each query, offline for each part; those skipped after an early end left out.

    A query is complete with its last sample, and ok when each of them is.
    """
    starts = answered.query_starts()
    whole = np.arange(0, answered.query.size, part) if asked.scenario == "Offline" else starts
    outcomes = np.frombuffer(bytes(answering.outcomes), dtype=np.uint8)[: answered.query.size]
    issued = answered.scheduled + answered.delay
    offset = int((np.array(answering.issued_ns, dtype=np.int64) - issued[starts]).min())
    completed = np.maximum.reduceat(answered.scheduled + answered.latency, whole)
    ok = np.minimum.reduceat(outcomes == ANSWERED, whole)
    kept = np.flatnonzero(outcomes[whole] != SKIPPED)
    return Samples(
        scheduled_ns=(answered.scheduled[whole] + offset)[kept],
        issued_ns=(issued[whole] + offset)[kept],
        completed_ns=(completed + offset)[kept],
        ok=ok[kept],
        sample=answered.sample[whole][kept].astype(np.int32),
    )


def _require_agreement(answered: Answered, asked: Requested, detail: Detail) -> None:
    """Refuse figures of single queries that are not those LoadGen summed up."""
    latency, name = answered.latency, "result_{}.00_percentile_latency_ns"
    if asked.scenario == "MultiStream":
        latency = np.maximum.reduceat(latency, answered.query_starts())
        name = "result_{}.00_percentile_per_query_latency_ns"
    ordered: Times = np.sort(latency)
    for percent in _CHECKED:
        read = int(ordered[int(ordered.size * (percent / 100))])
        told = int(detail[name.format(percent)])
        if read != told:
            raise MeasurementError(
                f"LoadGen reports a p{percent} of {told} ns, its single queries give {read} ns",
                where=DETAIL,
                fix="run it again; if it stays, LoadGen is newer than this version of dlscope",
            )


def _artifacts(
    folder: Path, asked: Requested, fields: Mapping[str, Any], overrides: Sequence[Override]
) -> dict[str, str]:
    settings = Settings(asked.scenario, fields, tuple(overrides)).to_json()
    (folder / SETTINGS).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    names = (SUMMARY, DETAIL, ACCURACY, SETTINGS)
    return {name: _text(folder / name) for name in names}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise MeasurementError(
            f"LoadGen left no {path.name}: {error.strerror}",
            where=str(path.parent),
            fix="give it a folder that can be written to",
        ) from error
