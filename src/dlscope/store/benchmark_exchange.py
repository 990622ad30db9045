"""Results of benchmarks as a file of JSON lines, for sharing and for backup.

{"format": "dlscope-benchmarks", "version": 1}     the first line; again where files were joined
{"environment": {"system": …, "python": …, "packages": …, "variables": …}}
{"benchmark": {"brick_id": …, "kind": …, "canonical": …, "work": …}}
{"result": {"key": {…}, "status": …, "reason": …, "samples_ns": […], …}}

A file only grows: what is in it already is not written again, and two files joined are a file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

from dlscope.core.digest import canonical_json
from dlscope.core.errors import StoreError
from dlscope.core.run import Environment
from dlscope.store.benchmark_key import KEY_FIELDS, BenchmarkKey
from dlscope.store.benchmark_result import Benchmark, BenchmarkResult, Bundle, plain_text

_T = TypeVar("_T")
_HEADER = {"format": "dlscope-benchmarks", "version": 1}
_ENVIRONMENT = {"system": dict, "python": str, "packages": dict, "variables": dict}
_FIX = "export the results again, or take the line out"


def append_bundle(path: Path, bundle: Bundle) -> int:
    """Add to the file at `path` what it does not hold yet; how many results that were.

    Raises `StoreError` for a file that `read_bundle` refuses.
    """
    is_new = not path.exists() or path.stat().st_size == 0
    lines = [plain_text(_HEADER)] if is_new else []
    before = Bundle() if is_new else read_bundle(path)
    results = _without(bundle.results, (each.id for each in before.results), lambda each: each.id)
    lines += _environment_lines(bundle, before)
    lines += _benchmark_lines(bundle, before)
    lines += [plain_text({"result": _result_record(result)}) for result in results]
    # One write: a reader never sees part of a line of a writer that was not killed.
    with path.open("ab") as file:
        file.write("".join(f"{line}\n" for line in lines).encode())
        file.flush()
        os.fsync(file.fileno())
    return len(results)


def read_bundle(path: Path) -> Bundle:
    """Everything in the file at `path`, each thing once.

    Raises `StoreError` naming the line that is malformed or contradicts one before.
    """
    kept: dict[str, dict[str, Any]] = {"environment": {}, "benchmark": {}, "result": {}}
    for where, kind, value in _values(path):
        identity = _IDENTITIES[kind](value)
        if kept[kind].setdefault(identity, value) != value:
            raise _refusal(f"{kind} {identity[:12]} is not the same as before", where)
    environments, benchmarks, results = (tuple(each.values()) for each in kept.values())
    return Bundle(environments, benchmarks, results)


def _environment_lines(bundle: Bundle, before: Bundle) -> list[str]:
    known = (each.fingerprint for each in before.environments)
    new = _without(bundle.environments, known, lambda each: each.fingerprint)
    records = ({name: getattr(each, name) for name in _ENVIRONMENT} for each in new)
    return [plain_text({"environment": record}) for record in records]


def _benchmark_lines(bundle: Bundle, before: Bundle) -> list[str]:
    known = (each.brick_id for each in before.benchmarks)
    new = _without(bundle.benchmarks, known, lambda each: each.brick_id)
    return [plain_text({"benchmark": asdict(each)}) for each in new]


def _without(values: Iterable[_T], known: Iterable[str], identity: Callable[[_T], str]) -> list[_T]:
    there = set(known)
    return [value for value in values if identity(value) not in there]


def _result_record(result: BenchmarkResult) -> dict[str, Any]:
    record = {each.name: getattr(result, each.name) for each in fields(BenchmarkResult)}
    return record | {"key": asdict(result.key)}


def _values(path: Path) -> Iterator[tuple[str, str, Any]]:
    """Where each line is, what it holds, and that."""
    lines = _bytes(path).split(b"\n")
    if lines[-1]:
        raise _refusal("the last line is cut short", f"{path}, line {len(lines)}")
    for number, line in enumerate(lines[:-1], start=1):
        where = f"{path}, line {number}"
        record = _record(line, where)
        if number == 1 or "format" in record:
            if record != _HEADER:
                raise _refusal("the file is not an export of benchmarks of version 1", where)
            continue
        yield (where, *_value(record, where))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(
            f"the file of results cannot be read: {error.strerror}",
            where=str(path),
            fix="give a file that `export` wrote",
        ) from error


def _record(line: bytes, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
        canonical_json(record)  # refuses NaN, and text that is no Unicode
    except (ValueError, RecursionError) as error:
        raise _refusal("the line is not JSON", where) from error
    if not isinstance(record, dict):
        raise _refusal("the line is not a mapping", where)
    return record


def _value(record: dict[str, Any], where: str) -> tuple[str, Any]:
    kind = next(iter(record), "")
    if len(record) != 1 or kind not in _BUILDERS:
        raise _refusal(f"the line holds none of {', '.join(_BUILDERS)}", where)
    try:
        return kind, _BUILDERS[kind](record[kind], where)
    except StoreError as error:
        raise StoreError(error.what, where=where, fix=error.fix) from error


def _environment(record: Any, where: str) -> Environment:
    _check_fields("environment", record, _ENVIRONMENT, where)
    for name, kind in _ENVIRONMENT.items():
        if not isinstance(record[name], kind):
            raise _refusal(f"{name} of the environment is {record[name]!r:.40}", where)
    return Environment(**record)


def _benchmark(record: Any, where: str) -> Benchmark:
    _check_fields("benchmark", record, (each.name for each in fields(Benchmark)), where)
    return Benchmark(**record)


def _result(record: Any, where: str) -> BenchmarkResult:
    _check_fields("result", record, (each.name for each in fields(BenchmarkResult)), where)
    _check_fields("key", record["key"], KEY_FIELDS, where)
    return BenchmarkResult(**record | {"key": BenchmarkKey(**record["key"])})


def _check_fields(what: str, record: Any, names: Iterable[str], where: str) -> None:
    if not isinstance(record, dict):
        raise _refusal(f"the {what} is not a mapping", where)
    known = set(names)
    for problem, some in (("lacks", known - set(record)), ("has unknown", set(record) - known)):
        if some:
            raise _refusal(f"the {what} {problem} {', '.join(sorted(some))}", where)


def _refusal(what: str, where: str) -> StoreError:
    return StoreError(what, where=where, fix=_FIX)


_BUILDERS: Mapping[str, Callable[[Any, str], Any]] = {
    "environment": _environment,
    "benchmark": _benchmark,
    "result": _result,
}
_IDENTITIES: Mapping[str, Callable[[Any], str]] = {
    "environment": lambda value: value.fingerprint,
    "benchmark": lambda value: value.brick_id,
    "result": lambda value: value.id,
}
