"""`Settings`: what `mlperf.conf` and `user.conf` ask of one model in one scenario."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self, cast

from dlscope.core.errors import DlscopeError, PlanError, did_you_mean, raise_all
from dlscope.loadgen.mlperf.conf import Conf, Entry, read_conf
from dlscope.loadgen.mlperf.keys import (
    KEYS,
    SCENARIOS,
    Key,
    LoadGenScenario,
    Number,
    freedom,
)


@dataclass(frozen=True)
class Override:
    """A user's value that makes a run non-compliant, and why; `official` None is no such value."""

    key: str
    value: float
    official: float | None
    line: int
    reason: str


@dataclass(frozen=True)
class Settings:
    """Fields of LoadGen's TestSettings with their values, and the overrides that do not comply.

    Plain data, so that a Plan can hold it: times are in ns where the field's name says so, shares
    of 1, counts. Fields that no file sets are the scenario's.
    """

    scenario: LoadGenScenario
    values: Mapping[str, Number] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()

    @property
    def is_compliant(self) -> bool:
        """Whether no user override leaves the rules of the closed division."""
        return not self.overrides

    def to_json(self) -> dict[str, Any]:
        """All fields as plain data."""
        return {
            "scenario": self.scenario,
            "values": dict(self.values),
            "overrides": [asdict(override) for override in self.overrides],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The settings that `to_json` wrote."""
        overrides = tuple(Override(**override) for override in data["overrides"])
        return cls(data["scenario"], dict(data["values"]), overrides)

    def to_text(self) -> dict[str, str]:
        """The same as texts by name, as the field `settings` of a scenario holds them."""
        return {name: json.dumps(value, sort_keys=True) for name, value in self.to_json().items()}

    @classmethod
    def from_text(cls, texts: Mapping[str, str]) -> Self:
        """The settings that `to_text` wrote."""
        return cls.from_json({name: json.loads(text) for name, text in texts.items()})


def read_settings(
    mlperf_conf: Path | None, user_conf: Path | None, model: str, scenario: str
) -> Settings:
    """What the two files ask of `model` in `scenario` (a name of LoadGen's, such as `Server`).

    As in LoadGen each file is resolved by itself (`model.scenario`, `*.scenario`, `model.*`,
    `*.*`) and the user's values win. Which of them do not comply is decided thus, after LoadGen's
    source and the submission checker: keys "eligible only for open submissions" whenever they
    differ from the official value; `min_duration`, `min_query_count`, sample counts and equal
    issue when they ask for less; keys of audit runs when they are switched on. Without an
    official file nothing is known to comply. Raises `PlanError`s, all problems together.
    """
    if scenario not in SCENARIOS:
        raise PlanError(
            f"LoadGen has no scenario {scenario!r}",
            where=str(user_conf or mlperf_conf or "settings"),
            fix=did_you_mean(scenario, SCENARIOS),
        )
    official, user = _read_both(mlperf_conf, user_conf)
    return _resolved(official, user, model, scenario)


def _read_both(mlperf_conf: Path | None, user_conf: Path | None) -> tuple[Conf | None, Conf | None]:
    problems: list[DlscopeError] = []
    confs: list[Conf | None] = []
    for path in (mlperf_conf, user_conf):
        try:
            confs.append(read_conf(path) if path else None)
        except DlscopeError as error:
            confs.append(None)
            problems.extend(error.problems)
    official, user = confs
    raise_all([*problems, *(_official_only(user) if user else ())])
    return official, user


def _official_only(user: Conf) -> list[DlscopeError]:
    return [
        PlanError(
            f"{entry.key} is set by mlperf.conf alone: LoadGen passes over it in user.conf",
            where=f"{user.path}, line {entry.line}",
            fix="remove the line; without mlperf.conf the seeds of the scenario are used",
        )
        for entry in user.entries
        if KEYS[entry.key].freedom == "official"
    ]


def _resolved(
    official: Conf | None, user: Conf | None, model: str, scenario: LoadGenScenario
) -> Settings:
    values: dict[str, Number] = {}
    overrides: list[Override] = []
    for key in KEYS.values():
        given = official.find(model, scenario, key.name) if official else None
        own = user.find(model, scenario, key.name) if user else None
        decides = own or given
        if decides is None:
            continue
        _refuse_tokens(decides, user if own else official)
        if scenario in key.fields:
            values[key.fields[scenario]] = key.to_field(decides.value)
        if own is not None:
            base = given.value if given else (key.default if official else None)
            overrides.extend(_override(key, own, base, scenario))
    return Settings(scenario, values, tuple(overrides))


def _override(
    key: Key, own: Entry, official: float | None, scenario: LoadGenScenario
) -> list[Override]:
    kind = freedom(key, scenario)
    has_effect = scenario in key.fields or not key.fields
    if not has_effect or own.value == official:
        return []
    if kind == "open":
        reason = "a value of one's own is eligible for the open division only"
    elif kind == "audit" and own.value:
        reason = "it belongs to audit runs"
    elif kind == "not_lower" and official is None:
        reason = "there is no mlperf.conf to compare it with"
    elif kind == "not_lower" and key.falls_short(own.value, cast("float", official)):
        reason = "it asks for less than mlperf.conf"
    else:
        return []
    return [Override(key.name, own.value, official, own.line, reason)]


def _refuse_tokens(entry: Entry, conf: Conf | None) -> None:
    if entry.key == "use_token_latencies" and entry.value and conf:
        raise PlanError(
            "latencies of single tokens cannot be measured: a system under test answers whole",
            where=f"{conf.path}, line {entry.line}",
            fix="set use_token_latencies to 0 in user.conf, which measures whole answers",
        )
