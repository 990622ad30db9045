"""Parsers of the three logs that LoadGen keeps: detail, summary and accuracy."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dlscope.core.errors import MeasurementError
from dlscope.core.table import Cell, Column, Table

DETAIL, SUMMARY, ACCURACY, TRACE = (
    "mlperf_log_detail.txt",
    "mlperf_log_summary.txt",
    "mlperf_log_accuracy.json",
    "mlperf_log_trace.json",
)
"""The names under which LoadGen writes its logs."""

_MARK = ":::MLLOG "
_SUMMARY_LINE = re.compile(r"\s*\*?\s*(?P<name>[^:]+?)\s*: (?P<value>\S.*?)\s*")


@dataclass(frozen=True)
class Detail:
    """The detail log: the last value of every key, and the messages of errors and warnings."""

    values: Mapping[str, Any]
    errors: tuple[str, ...]
    warnings: tuple[str, ...]

    def __getitem__(self, key: str) -> Any:
        if key not in self.values:
            raise MeasurementError(
                f"LoadGen's detail log has no {key}",
                where=DETAIL,
                fix="look in the log for an error; the test may have ended before its result",
            )
        return self.values[key]

    @property
    def is_valid(self) -> bool:
        """LoadGen's verdict."""
        return bool(self["result_validity"] == "VALID")

    def table(self) -> Table:
        """Name and value of every result, in the order of the log."""
        results = {key: value for key, value in self.values.items() if _is_result(key)}
        rows: list[Mapping[str, Cell]] = [
            {
                "name": name,
                "value": float(value) if _is_number(value) else None,
                "text": None if _is_number(value) else _as_text(value),
            }
            for name, value in results.items()
        ]
        return Table.of("loadgen_results", _COLUMNS, rows, title="What LoadGen reports")


_COLUMNS = (
    Column("name", "str", "Key of LoadGen's detail log; its ending names the unit.", role="id"),
    Column("value", "float", "The value, where it is a number.", role="value"),
    Column("text", "str", "The value, where it is none."),
)


def parse_detail(text: str) -> Detail:
    """The detail log. Raises `MeasurementError` for a line that is not LoadGen's."""
    values: dict[str, Any] = {}
    messages: dict[str, list[str]] = {"is_error": [], "is_warning": []}
    for number, line in enumerate(text.splitlines(), start=1):
        entry = _entry(line, number)
        values[entry["key"]] = entry["value"]
        for kind, found in messages.items():
            if entry.get("metadata", {}).get(kind):
                found.append(_as_text(entry["value"]))
    return Detail(values, tuple(messages["is_error"]), tuple(messages["is_warning"]))


def parse_summary(text: str) -> dict[str, str]:
    """Names and values of the summary's lines `name : value`, as they are written."""
    matches = (_SUMMARY_LINE.fullmatch(line) for line in text.splitlines())
    return {match["name"]: match["value"] for match in matches if match}


def parse_accuracy(text: str) -> dict[int, list[bytes]]:
    """Answers that LoadGen logged, by sample of the data set, in the order they were asked for."""
    answers: dict[int, list[bytes]] = {}
    try:
        entries = json.loads(text)
        for entry in sorted(entries, key=lambda entry: int(entry["seq_id"])):
            answers.setdefault(int(entry["qsl_idx"]), []).append(bytes.fromhex(entry["data"]))
    except (ValueError, KeyError, TypeError) as error:
        raise MeasurementError(
            f"LoadGen's accuracy log cannot be read: {error}",
            where=ACCURACY,
            fix="the test may have been cut off; run it again",
        ) from error
    return answers


def _entry(line: str, number: int) -> dict[str, Any]:
    try:
        entry = json.loads(line.removeprefix(_MARK)) if line.startswith(_MARK) else None
    except ValueError:
        entry = None
    if not isinstance(entry, dict) or not {"key", "value"} <= entry.keys():
        raise MeasurementError(
            f"{line[:60]!r} is not an entry of LoadGen's detail log",
            where=f"{DETAIL}, line {number}",
            fix="the test may have been cut off, or LoadGen is newer than dlscope; run it again",
        )
    return entry


def _is_result(key: str) -> bool:
    return key.startswith(("result_", "early_stopping_", "effective_", "generated_", "num_"))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_text(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else json.dumps(value)
