from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import StoreError
from dlscope.store.benchmark_exchange import append_bundle, read_bundle
from dlscope.store.benchmark_result import Benchmark, BenchmarkResult, Bundle
from dlscope.testing.stores import sample_environment

Make = Callable[..., BenchmarkResult]
_HERE = replace(sample_environment(), volatile={})
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda some: st.lists(some) | st.dictionaries(st.text(), some),
    max_leaves=4,
)
_LINES = [
    '{"format": "dlscope-benchmarks", "version": 1}',
    '{"environment": {"system": {}, "python": "", "packages": {}, "variables": {}}}',
    '{"benchmark": {"brick_id": "b1", "kind": "layer", "canonical": {}, "work": {}}}',
    '{"result": {"key": {"brick_id": "b1", "fingerprint": "f", "implementation": "ort", '
    '"implementation_version": "1", "dtype": "", "batch": 1, "threads": 1, "state": "hot", '
    '"tool_version": "1", "algorithm": "", "layout": "", "math": "", "scope": "", "in_place": "", '
    '"clock": "wall", "protocol": "", "process": 0}, "status": "ok", "reason": "", '
    '"samples_ns": [1], "workspace_bytes": null, "started_utc": "2026-03-01T12:00:00Z", '
    '"extra": {}}}',
]
_FIX = "export the results again, or take the line out"


@pytest.fixture
def bundle(result: Make) -> Bundle:
    results = (
        result(extra={"text": "a\nb\u2028c", "λ": [1.5, None]}, workspace_bytes=7),
        result(status="failed", reason="it \n crashed", samples_ns=(), batch=2),
    )
    return Bundle((_HERE,), (Benchmark("b1", "layer", {"op": "Conv"}, {"flop": 10}),), results)


@pytest.fixture
def path(bundle: Bundle, tmp_path: Path) -> Path:
    path = tmp_path / "results.jsonl"
    append_bundle(path, bundle)
    return path


def test_reads_what_was_written(path: Path, bundle: Bundle) -> None:
    assert read_bundle(path) == bundle


def test_is_one_mapping_a_line(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    assert json.loads(lines[0]) == {"format": "dlscope-benchmarks", "version": 1}
    kinds = [next(iter(json.loads(line))) for line in lines[1:]]
    assert kinds == ["environment", "benchmark", "result", "result"]


def test_only_what_is_new_is_added(path: Path, bundle: Bundle, result: Make) -> None:
    before = path.read_bytes()
    assert append_bundle(path, bundle) == 0
    assert path.read_bytes() == before
    more = replace(bundle, results=(*bundle.results, result(batch=3)))
    assert append_bundle(path, more) == 1
    assert path.read_bytes().startswith(before)
    assert read_bundle(path) == more


def test_files_that_were_joined_are_a_file(path: Path, bundle: Bundle, result: Make) -> None:
    other = path.with_name("other.jsonl")
    append_bundle(other, replace(bundle, results=(result(batch=3),)))
    path.write_bytes(path.read_bytes() + other.read_bytes())
    assert read_bundle(path) == replace(bundle, results=(*bundle.results, result(batch=3)))


def test_the_smallest_file_of_each_kind_of_line_is_read(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text("".join(f"{line}\n" for line in _LINES))
    bundle = read_bundle(path)
    assert [len(bundle.environments), len(bundle.benchmarks), len(bundle.results)] == [1, 1, 1]


def test_nothing_is_a_file_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.touch()
    assert append_bundle(path, Bundle()) == 0
    assert read_bundle(path) == Bundle()


def _refusal(path: Path) -> str:
    with pytest.raises(StoreError) as reading:
        read_bundle(path)
    with pytest.raises(StoreError) as appending:
        append_bundle(path, Bundle())
    assert str(appending.value) == str(reading.value)
    return str(reading.value)


def _set_line(path: Path, number: int, text: str) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")
    lines[number - 1] = text
    path.write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.parametrize(
    ("number", "text", "what"),
    [
        (1, "{}", "the file is not an export of benchmarks of version 1"),
        (
            1,
            '{"format": "dlscope-benchmarks", "version": 2}',
            "the file is not an export of benchmarks of version 1",
        ),
        (1, '{"benchmarks": []}', "the file is not an export of benchmarks of version 1"),
        (2, "", "the line is not JSON"),
        (2, "{", "the line is not JSON"),
        (2, '{"environment": {"system": NaN}}', "the line is not JSON"),
        (2, '{"environment": {"system": "\\ud800"}}', "the line is not JSON"),
        (2, "[" * 100_000, "the line is not JSON"),
        (2, "[]", "the line is not a mapping"),
        (2, "{}", "the line holds none of environment, benchmark, result"),
        (2, '{"run": {}}', "the line holds none of environment, benchmark, result"),
        (
            2,
            '{"environment": {}, "result": {}}',
            "the line holds none of environment, benchmark, result",
        ),
        (2, '{"environment": []}', "the environment is not a mapping"),
        (2, '{"environment": {}}', "the environment lacks packages, python, system, variables"),
        (
            2,
            '{"environment": {"system": 5, "python": "", "packages": {}, "variables": {}}}',
            "system of the environment is 5",
        ),
        (
            3,
            '{"benchmark": {"brick_id": "b1", "kind": "layer", "canonical": 1, "work": 2, "x": 3}}',
            "the benchmark has unknown x",
        ),
        (4, '{"result": {"key": {}}}', "the result lacks extra, reason, samples_ns, started_utc, "),
    ],
)
def test_refuses_a_malformed_line(path: Path, number: int, text: str, what: str) -> None:
    _set_line(path, number, text)
    message = _refusal(path)
    assert message.startswith(f"StoreError: {what}")
    assert message.endswith(f"\n  where  {path}, line {number}\n  fix    {_FIX}")


@pytest.mark.parametrize(
    ("change", "what", "fix"),
    [
        ({"status": "good"}, "'good' is not a status", "use one of ok, failed, unsupported, wrong"),
        (
            {"samples_ns": [0.5]},
            "samples are not a row of times in whole ns",
            "use integers from 0 on, in ns",
        ),
        ({"key": {}}, "the key lacks algorithm, batch, ", _FIX),
        ({"key": 3}, "the key is not a mapping", _FIX),
    ],
)
def test_refuses_a_malformed_result_where_it_is(
    path: Path, change: dict[str, Any], what: str, fix: str
) -> None:
    record = json.loads(path.read_text(encoding="utf-8").split("\n")[3])
    record["result"] |= change
    _set_line(path, 4, json.dumps(record))
    message = _refusal(path)
    assert message.startswith(f"StoreError: {what}")
    assert message.endswith(f"\n  where  {path}, line 4\n  fix    {fix}")


def test_refuses_two_values_of_one_result(path: Path, result: Make) -> None:
    first = path.read_text(encoding="utf-8").split("\n")[3]
    record = json.loads(first)
    record["result"]["samples_ns"] = [1, 2]
    path.write_text(path.read_text(encoding="utf-8") + json.dumps(record) + "\n", encoding="utf-8")
    assert _refusal(path) == (
        f"StoreError: result {result().id[:12]} is not the same as before\n"
        f"  where  {path}, line 6\n"
        f"  fix    {_FIX}"
    )


def test_refuses_a_line_that_is_cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])
    assert _refusal(path) == (
        f"StoreError: the last line is cut short\n  where  {path}, line 5\n  fix    {_FIX}"
    )


def test_refuses_bytes_that_are_no_text(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"Conv", b"\xff\xfe"))
    assert _refusal(path).startswith("StoreError: the line is not JSON\n")


@given(data=st.data())
def test_any_change_of_a_value_is_read_or_refused_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    number = data.draw(st.integers(1, 4))
    record = json.loads(_LINES[number - 1])
    holder: Any = record
    while isinstance(holder, dict) and holder:
        name = data.draw(st.sampled_from(sorted(holder)))
        if not isinstance(holder[name], dict) or data.draw(st.booleans()):
            holder[name] = data.draw(_JSON)
            break
        holder = holder[name]
    lines = [*_LINES[: number - 1], json.dumps(record), *_LINES[number:]]
    path = tmp_path_factory.getbasetemp() / "changed.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines))
    with contextlib.suppress(StoreError):
        assert len(read_bundle(path).results) <= 1
