"""Result files of Google Benchmark (`--benchmark_out_format=json`), so that old ones can be read.

{"context": {"date": …, "host_name": …, …}, "benchmarks": [{"name": …, "real_time": …, …}, …]}

A benchmark keeps its name, and rows of one name are its samples. What the file does not tell, such
as the type of the elements, is "" or 0 in the key.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, final

from dlscope.core.digest import canonical_json
from dlscope.core.errors import StoreError
from dlscope.core.run import Environment
from dlscope.store.benchmark_key import BenchmarkKey, Kind, Status
from dlscope.store.benchmark_result import Benchmark, BenchmarkResult, Bundle

_NS_PER_UNIT = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
# What two runs on one machine may differ in.
_VOLATILE = ("date", "executable", "load_avg", "mhz_per_cpu")
_SUMMARIES = ("_mean", "_median", "_stddev", "_cv")
_COMPLEXITY = frozenset({"cpu_coefficient", "rms"})
_TOO_LONG = 2**63
_NO_DATE = "1970-01-01T00:00:00"
_FIX = "write it again with --benchmark_out=FILE --benchmark_out_format=json"

Row = Mapping[str, Any]


@final
@dataclass(frozen=True)
class GoogleBenchmarkFile:
    """What a file holds for a store, and how many rows of `aggregates` were left out."""

    bundle: Bundle
    aggregates: int


def read_google_benchmark(path: Path, *, kind: Kind = "layer") -> GoogleBenchmarkFile:
    """The results in the file at `path`, on an environment made of its context.

    Times become whole ns, the exact ones are kept as text in `extra`. A row that reports an error
    is failed, one that was skipped unsupported. A date without a zone is taken as UTC, a file
    without a date as of 1970. Raises `StoreError` for anything that is no such file.
    """
    context, rows = _parts(path)
    measured = _measured(rows)
    environment, started_utc = _environment(context), _started_utc(context, path)
    by_name: dict[str, list[Row]] = {}
    for row in measured:
        by_name.setdefault(row["name"], []).append(row)
    origin = _Origin(environment.fingerprint, _version(context), started_utc, _volatile(context))
    benchmarks, results = [], []
    for name, some in by_name.items():
        where = f"{path}, benchmark {name!r}"
        try:
            benchmarks.append(Benchmark(name, kind, {"google_benchmark": name}, {}))
            results.append(_result(name, some, origin, where))
        except StoreError as error:
            raise StoreError(error.what, where=where, fix=error.fix) from error
    bundle = Bundle((environment,), tuple(benchmarks), tuple(results))
    return GoogleBenchmarkFile(bundle, len(rows) - len(measured))


@dataclass(frozen=True)
class _Origin:
    """What all results of a file share."""

    fingerprint: str
    version: str
    started_utc: str
    context: Mapping[str, Any]


def _parts(path: Path) -> tuple[Row, Sequence[Row]]:
    try:
        # Decimals, so that no time is rounded before it is in ns.
        data = json.loads(path.read_bytes(), parse_float=Decimal, parse_constant=str)
        canonical_json(_floats(data))  # refuses text that is no Unicode
    except OSError as error:
        raise _refusal(f"the file cannot be read: {error.strerror}", str(path)) from error
    except (ValueError, RecursionError) as error:
        raise _refusal("the file is not JSON", str(path)) from error
    context, rows = (data.get(name) if isinstance(data, dict) else None for name in _NAMES)
    if not isinstance(context, dict) or not isinstance(rows, list):
        raise _refusal("the file is not a result of Google Benchmark", str(path))
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or not isinstance(row.get("name"), str):
            raise _refusal("the row has no name", f"{path}, row {number} of benchmarks")
    return context, rows


_NAMES = ("context", "benchmarks")


def _measured(rows: Sequence[Row]) -> list[Row]:
    names = {row["name"] for row in rows}
    return [row for row in rows if not _is_aggregate(row, names)]


def _is_aggregate(row: Row, names: set[str]) -> bool:
    if "run_type" in row:
        return bool(row["run_type"] == "aggregate")
    # Before 1.5 only the name and the fields tell.
    base, _, summary = row["name"].rpartition("_")
    return not _COMPLEXITY.isdisjoint(row) or (f"_{summary}" in _SUMMARIES and base in names)


def _environment(context: Row) -> Environment:
    stable = {key: value for key, value in context.items() if key not in _VOLATILE}
    name = context.get("host_name") or "an unnamed system"
    system = {"name": name, "source": "google-benchmark", "context": _floats(stable)}
    return Environment(system, "", {}, {}, _volatile(context))


def _volatile(context: Row) -> dict[str, Any]:
    return {key: _floats(context[key]) for key in _VOLATILE if key in context}


def _version(context: Row) -> str:
    return str(context.get("library_version", ""))


def _started_utc(context: Row, path: Path) -> str:
    date = context.get("date") or _NO_DATE
    try:
        moment = datetime.fromisoformat(date)
    except (TypeError, ValueError) as error:
        raise _refusal(f"the date of the context is {date!r}", str(path)) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def _result(name: str, rows: Sequence[Row], origin: _Origin, where: str) -> BenchmarkResult:
    status, reason = _status(rows)
    exact_ns = [_exact_ns(row, where) for row in rows if _trouble(row) is None]
    return BenchmarkResult(
        key=BenchmarkKey(
            brick_id=name,
            fingerprint=origin.fingerprint,
            implementation="imported",
            implementation_version=origin.version,
            dtype="",
            batch=0,
            threads=rows[0].get("threads", 1),
            state="hot",
            tool_version=f"google-benchmark {origin.version}".strip(),
        ),
        status=status,
        reason=reason,
        samples_ns=[] if status == "unsupported" else [round(each) for each in exact_ns],
        workspace_bytes=None,
        started_utc=origin.started_utc,
        extra={
            "real_time_ns": [str(each) for each in exact_ns],
            "rows": [_floats(row) for row in rows],
            "context": origin.context,
        },
    )


def _status(rows: Sequence[Row]) -> tuple[Status, str]:
    """The worst of the rows: failed before unsupported before ok."""
    troubles = [trouble for row in rows if (trouble := _trouble(row)) is not None]
    return min(troubles, default=("ok", ""), key=lambda trouble: trouble[0] != "failed")


def _trouble(row: Row) -> tuple[Status, str] | None:
    if row.get("error_occurred"):
        return "failed", str(row.get("error_message") or "it does not say what went wrong")
    if row.get("skipped"):
        return "unsupported", str(row.get("skip_message") or "it does not say why it was skipped")
    return None


def _exact_ns(row: Row, where: str) -> Decimal:
    time: Any = row.get("real_time")
    unit = row.get("time_unit", "ns")
    is_number = isinstance(time, int | Decimal) and not isinstance(time, bool)
    if not is_number or not 0 <= time < _TOO_LONG:
        raise _refusal(f"real_time is {time!r:.40}, not a time", where)
    if not isinstance(unit, str) or unit not in _NS_PER_UNIT:
        raise _refusal(f"time_unit is {unit!r}, not one of {', '.join(_NS_PER_UNIT)}", where)
    return Decimal(time) * _NS_PER_UNIT[unit]


def _floats(value: Any) -> Any:
    """`value` with floats for decimals, and text for those that no float can hold."""
    if isinstance(value, Mapping):
        return {key: _floats(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_floats(each) for each in value]
    if not isinstance(value, Decimal):
        return value
    return number if math.isfinite(number := float(value)) else str(value)


def _refusal(what: str, where: str) -> StoreError:
    return StoreError(what, where=where, fix=_FIX)
