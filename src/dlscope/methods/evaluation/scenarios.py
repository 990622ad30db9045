"""From what an experiment says of its scenarios to closed ones: checked, every file read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dlscope.catalog.finder import find
from dlscope.core.digest import file_digest
from dlscope.core.errors import DlscopeError, PlanError, did_you_mean, raise_all
from dlscope.core.manifest import ScenarioManifest, parse_manifest
from dlscope.core.manifest.scenario_types import RULES
from dlscope.loadgen.mlperf.requested import loadgen_scenario, requested
from dlscope.loadgen.mlperf.settings import read_settings
from dlscope.loadgen.recorded import Recorded

_CONF_FILES = ("mlperf_conf", "user_conf")


def resolve_scenario(entry: Mapping[str, Any]) -> ScenarioManifest:
    """A scenario of the catalog with changes, or one written out in the experiment.

    Raises everything that keeps it from being carried out, all at once.
    """
    if "name" in entry and "type" not in entry:
        named = find("scenarios", entry["name"])
        changes = {key: value for key, value in entry.items() if key != "name"}
        data = {**named.to_json(), **changes}
    else:
        data = {"schema_version": 1, "name": entry.get("type", "scenario"), **entry}
    name = data.get("name", "scenario")
    scenario = parse_manifest(ScenarioManifest, data, lambda path: _place(name, path))
    raise_all(list(_problems(scenario)))
    return _with_trace(scenario)


def scenario_for(scenario: ScenarioManifest, model: str) -> ScenarioManifest:
    """`scenario` with what LoadGen's configuration files ask of `model` in their place.

    Raises the problems of the files, and what LoadGen would still miss.
    """
    if scenario.loadgen != "mlperf":
        return scenario
    mlperf_conf, user_conf = (scenario.settings.get(name) for name in _CONF_FILES)
    settings = None
    if mlperf_conf or user_conf:
        settings = read_settings(
            Path(mlperf_conf) if mlperf_conf else None,
            Path(user_conf) if user_conf else None,
            model,
            loadgen_scenario(scenario),
        )
    requested(scenario, settings)
    return scenario.model_copy(update={"settings": settings.to_text() if settings else {}})


def _problems(scenario: ScenarioManifest) -> Iterator[DlscopeError]:
    where = f"scenario {scenario.name}"
    yield from _own_fields(scenario, where)
    yield from _peak_problems(scenario, where)
    yield from _query_problems(scenario, where)
    yield from _stream_problems(scenario, where)
    yield from _loadgen_problems(scenario, where)


def _own_fields(scenario: ScenarioManifest, where: str) -> Iterator[PlanError]:
    # LoadGen's configuration files can give what the scenario leaves out.
    missing = () if scenario.loadgen == "mlperf" else scenario.missing()
    for name in missing:
        yield PlanError(
            f"a scenario of type {scenario.type!r} needs {name!r}",
            where=f"{where}, {name}",
            fix=f"set {name}",
        )
    for name in scenario.meaningless():
        yield PlanError(
            f"{name!r} means nothing for a scenario of type {scenario.type!r}",
            where=f"{where}, {name}",
            fix=f"leave {name} out",
        )


def _peak_problems(scenario: ScenarioManifest, where: str) -> Iterator[PlanError]:
    with_rate = [name for name, rule in RULES.items() if "rate_qps" in rule.fields]
    if scenario.mode == "find_peak" and scenario.type not in with_rate:
        yield PlanError(
            f"a scenario of type {scenario.type!r} has no rate whose peak could be found",
            where=f"{where}, mode",
            fix=f"use {', '.join(with_rate)}",
        )


def _query_problems(scenario: ScenarioManifest, where: str) -> Iterator[PlanError]:
    samples = scenario.samples_per_query
    uneven = [size for size in scenario.batch_size if samples > size and samples % size]
    if uneven and scenario.rule.arrivals != "at_once":
        yield PlanError(
            f"a query of {samples} samples does not fill batches of {uneven[0]}",
            where=f"{where}, batch_size",
            fix=f"use a batch size that divides {samples}",
        )


def _stream_problems(scenario: ScenarioManifest, where: str) -> Iterator[PlanError]:
    if scenario.pipeline != "stream":
        return
    if scenario.mode == "find_peak":
        yield PlanError(
            "the peak rate is not searched in mode stream",
            where=f"{where}, pipeline",
            fix="use pipeline: preloaded or sequential",
        )
    if scenario.rule.arrivals == "users":
        yield PlanError(
            "users wait for their answers, so that nothing overlaps in mode stream",
            where=f"{where}, pipeline",
            fix="use pipeline: preloaded or sequential",
        )
    asked = scenario.items_per_query
    if asked > min(scenario.batch_size):
        yield PlanError(
            f"in mode stream a query is one batch, not {asked} samples",
            where=f"{where}, samples_per_query",
            fix=f"use batch_size: {asked}",
        )


def _loadgen_problems(scenario: ScenarioManifest, where: str) -> Iterator[DlscopeError]:
    if scenario.loadgen != "mlperf":
        for name in ("settings", "audits"):
            if getattr(scenario, name):
                yield PlanError(
                    f"{name!r} are for the genuine LoadGen",
                    where=f"{where}, {name}",
                    fix=f"add loadgen: mlperf, or leave {name} out",
                )
        return
    for name in scenario.settings:
        if name not in _CONF_FILES:
            yield PlanError(
                f"unknown setting {name!r}",
                where=f"{where}, settings.{name}",
                fix=did_you_mean(name, _CONF_FILES),
            )
    try:
        loadgen_scenario(scenario)
    except PlanError as error:
        yield error
    if scenario.pipeline == "stream":
        yield PlanError(
            "LoadGen drives one query after another, so that nothing overlaps in mode stream",
            where=f"{where}, pipeline",
            fix="use pipeline: preloaded or sequential",
        )


def _with_trace(scenario: ScenarioManifest) -> ScenarioManifest:
    """`scenario` with its trace found, read once and named by its digest."""
    if scenario.trace_file is None:
        return scenario
    Recorded.of(scenario)
    path = Path(scenario.trace_file).resolve()
    found = {"trace_file": str(path), "trace_sha256": file_digest(path)}
    return scenario.model_copy(update=found)


def _place(name: str, path: Sequence[int | str]) -> str:
    return f"scenario {name}, {'.'.join(map(str, path))}"
