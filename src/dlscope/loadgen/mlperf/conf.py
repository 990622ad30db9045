"""Reading one configuration file of LoadGen: lines `model.scenario.key = number`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dlscope.core.errors import DlscopeError, PlanError, did_you_mean, raise_all
from dlscope.loadgen.mlperf.keys import KEYS, REFUSED, SCENARIOS, LoadGenScenario

_LINE = re.compile(r"(?P<name>\S+)\s+=\s+(?P<value>\S+)")
_INTEGER = re.compile(r"0[xX][0-9a-fA-F]+|0|[1-9][0-9]*")
_DECIMAL = re.compile(r"(0|[1-9][0-9]*)?\.?[0-9]+([eE][+-]?[0-9]+)?|[1-9][0-9]*\.")
_FLAGS = (0, 1)


@dataclass(frozen=True)
class Entry:
    """One line: which models and scenarios it is about (`*` is all), its key and number."""

    model: str
    scenario: str
    key: str
    value: float
    line: int


@dataclass(frozen=True)
class Conf:
    """The lines of one file in order; `path` names it in messages."""

    path: Path
    entries: tuple[Entry, ...]

    def find(self, model: str, scenario: LoadGenScenario, key: str) -> Entry | None:
        """The line that decides `key`: the most special pattern, of equals the last (LoadGen).

        Patterns are tried as `model.scenario`, `*.scenario`, `model.*`, `*.*`.
        """
        patterns = ((model, scenario), ("*", scenario), (model, "*"), ("*", "*"))
        of_key = [entry for entry in reversed(self.entries) if entry.key == key]
        matches = (e for p in patterns for e in of_key if (e.model, e.scenario) == p)
        return next(matches, None)


def read_conf(path: Path) -> Conf:
    """The file at `path`. Raises `PlanError`s with their lines, all that are wrong together."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise PlanError(
            f"the LoadGen configuration cannot be read: {reason}",
            where=str(path),
            fix="name a file with lines 'model.scenario.key = number'",
        ) from error
    entries: list[Entry] = []
    problems: list[DlscopeError] = []
    for number, line in _content(text):
        try:
            entries.append(_entry(line, number, f"{path}, line {number}"))
        except DlscopeError as error:
            problems.append(error)
    raise_all(problems)
    return Conf(path, tuple(entries))


def _content(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield number, stripped


def _entry(line: str, number: int, where: str) -> Entry:
    match = _LINE.fullmatch(line)
    if match is None:
        raise PlanError(
            f"{line!r} is not 'model.scenario.key = number'",
            where=where,
            fix="write one key, ' = ' between spaces and one number; comments take a whole line",
        )
    parts = match["name"].rsplit(".", 2)
    if len(parts) != 3 or not all(parts):
        raise PlanError(
            f"{match['name']!r} is not of the form model.scenario.key",
            where=where,
            fix="write * for every model or every scenario, as in *.Server.target_qps",
        )
    model, scenario, key = parts
    _check_names(scenario, key, where)
    return Entry(model, scenario, key, _number(match["value"], key, where), number)


def _check_names(scenario: str, key: str, where: str) -> None:
    problems: list[DlscopeError] = []
    if scenario != "*" and scenario not in SCENARIOS:
        fix = did_you_mean(scenario, (*SCENARIOS, "*"))
        problems.append(PlanError(f"LoadGen has no scenario {scenario!r}", where=where, fix=fix))
    if key in REFUSED:
        why, fix = REFUSED[key]
        problems.append(PlanError(f"{key} cannot be set here: {why}", where=where, fix=fix))
    elif key not in KEYS:
        fix = did_you_mean(key, KEYS)
        problems.append(PlanError(f"LoadGen has no key {key!r}", where=where, fix=fix))
    raise_all(problems)


def _number(text: str, key: str, where: str) -> float:
    kind = KEYS[key].kind
    if _INTEGER.fullmatch(text):
        value: float = int(text, 0)
    elif kind in ("percent", "rate", "milliseconds") and _DECIMAL.fullmatch(text):
        value = float(text)
    else:
        wanted = "a whole number" if kind in ("count", "flag") else "a number"
        raise PlanError(
            f"{key} is {text!r}, which is not {wanted} of at least 0",
            where=where,
            fix="write it in digits, without a sign, a unit or leading zeros",
        )
    highest, meaning = _limit(key)
    if value > highest:
        raise PlanError(f"{key} is {text}, above {highest}", where=where, fix=meaning)
    return value


def _limit(key: str) -> tuple[int, str]:
    kind = KEYS[key].kind
    if kind == "flag":
        return max(_FLAGS), "write 1 for yes and 0 for no"
    if kind == "percent":
        return 100, "it is in percent: write 99 for the 99th percentile"
    if kind == "count":
        return 2**64 - 1, "LoadGen counts in 64 bits"
    return 10**12, "times are in milliseconds and rates in queries per second"
