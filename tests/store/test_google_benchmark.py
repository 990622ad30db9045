from __future__ import annotations

import contextlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import StoreError
from dlscope.store.google_benchmark import GoogleBenchmarkFile, read_google_benchmark

_CONTEXT = {
    "date": "2019-09-23T18:02:45+02:00",
    "host_name": "titan",
    "executable": "./bench",
    "num_cpus": 8,
    "mhz_per_cpu": 3501,
    "cpu_scaling_enabled": True,
    "caches": [{"type": "Data", "level": 1, "size": 32768}],
    "load_avg": [0.12, 0.5, 1],
    "library_version": "v1.8.3",
}
_FIELDS = (
    *("name", "real_time", "time_unit", "threads", "run_type", "error_occurred", "error_message"),
    *("skipped", "skip_message", "counter"),
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda some: st.lists(some) | st.dictionaries(st.text(), some),
    max_leaves=4,
)
_FIX = "write it again with --benchmark_out=FILE --benchmark_out_format=json"


def _write(path: Path, *rows: Any, context: Any = _CONTEXT) -> Path:
    path.write_text(json.dumps({"context": context, "benchmarks": rows}), encoding="utf-8")
    return path


def _row(name: str = "BM_Conv/64", **given: Any) -> dict[str, Any]:
    row = {"name": name, "iterations": 1000, "real_time": 12.5, "cpu_time": 12, "time_unit": "us"}
    return row | given


def _read(tmp_path: Path, *rows: Any, context: Any = _CONTEXT) -> GoogleBenchmarkFile:
    return read_google_benchmark(_write(tmp_path / "old.json", *rows, context=context))


def test_reads_a_row(tmp_path: Path) -> None:
    file = _read(tmp_path, _row("LAYER_CUDNN<float>/1/3/224/manual_time", flops=2.5e9, threads=2))
    (result,), (benchmark,) = file.bundle.results, file.bundle.benchmarks
    assert benchmark.brick_id == result.key.brick_id == "LAYER_CUDNN<float>/1/3/224/manual_time"
    assert (benchmark.kind, file.aggregates) == ("layer", 0)
    assert (result.status, result.reason, result.samples_ns) == ("ok", "", (12_500,))
    assert result.started_utc == "2019-09-23T16:02:45.000000Z"
    assert (result.key.implementation, result.key.implementation_version) == ("imported", "v1.8.3")
    assert (result.key.threads, result.key.batch, result.key.dtype) == (2, 0, "")
    assert result.key.tool_version == "google-benchmark v1.8.3"
    (row,) = result.extra["rows"]
    assert (row["flops"], row["iterations"]) == (2.5e9, 1000)


def test_has_an_environment_of_its_own(tmp_path: Path) -> None:
    (environment,) = _read(tmp_path, _row()).bundle.environments
    assert environment.system["name"] == "titan"
    assert environment.system["context"]["num_cpus"] == 8
    (result,) = _read(tmp_path, _row()).bundle.results
    assert result.key.fingerprint == environment.fingerprint
    assert result.extra["context"]["executable"] == "./bench"


def test_load_and_date_make_no_other_environment_but_the_host_does(tmp_path: Path) -> None:
    def fingerprint(**changed: Any) -> str:
        file = _read(tmp_path, _row(), context=_CONTEXT | changed)
        return file.bundle.environments[0].fingerprint

    assert fingerprint(load_avg=[9], date="2020-01-01", mhz_per_cpu=800) == fingerprint()
    assert fingerprint(host_name="k80") != fingerprint()


@pytest.mark.parametrize(
    ("time", "unit", "exact", "whole"),
    [
        ("0", "ns", "0", 0),
        ("7", "ns", "7", 7),
        ("12.345678", "us", "12345.678", 12_346),
        ("1.0000005e+01", "ms", "10000005", 10_000_005),
        ("0.1", "s", "100000000", 100_000_000),
        ("2.5", "ns", "2.5", 2),
        ("3.5", "ns", "3.5", 4),
        ("1234567890.123456789", "s", "1234567890123456789", 1_234_567_890_123_456_789),
    ],
)
def test_converts_every_unit_exactly(
    time: str, unit: str, exact: str, whole: int, tmp_path: Path
) -> None:
    path = tmp_path / "old.json"
    row = f'{{"name": "BM", "real_time": {time}, "time_unit": "{unit}"}}'
    path.write_text(f'{{"context": {{}}, "benchmarks": [{row}]}}')
    (result,) = read_google_benchmark(path).bundle.results
    assert result.samples_ns == (whole,)
    assert Decimal(result.extra["real_time_ns"][0]) == Decimal(exact)


@given(time_ns=st.integers(0, 2**62), unit=st.sampled_from([("ns", 0), ("us", 3), ("ms", 6)]))
def test_whole_ns_survive_any_unit(
    tmp_path_factory: pytest.TempPathFactory, time_ns: int, unit: tuple[str, int]
) -> None:
    path = tmp_path_factory.getbasetemp() / "units.json"
    time = f"{Decimal(time_ns).scaleb(-unit[1]):f}"
    row = f'{{"name": "BM", "real_time": {time}, "time_unit": "{unit[0]}"}}'
    path.write_text(f'{{"context": {{}}, "benchmarks": [{row}]}}')
    assert read_google_benchmark(path).bundle.results[0].samples_ns == (time_ns,)


def test_repetitions_are_samples_and_aggregates_are_counted(tmp_path: Path) -> None:
    file = _read(
        tmp_path,
        _row(real_time=1, run_type="iteration", repetition_index=0),
        _row(real_time=3, run_type="iteration", repetition_index=1),
        _row("BM_Conv/64_mean", run_type="aggregate", aggregate_name="mean"),
        _row("BM_Conv/64_stddev", run_type="aggregate", aggregate_name="stddev"),
        _row("BM_running_mean", run_type="iteration", real_time=9),
    )
    assert [each.samples_ns for each in file.bundle.results] == [(1000, 3000), (9000,)]
    assert file.aggregates == 2


def test_old_files_tell_aggregates_by_name_and_complexities_by_field(tmp_path: Path) -> None:
    file = _read(
        tmp_path,
        _row("BM_sort"),
        _row("BM_sort_mean"),
        _row("BM_sort_cv"),
        {"name": "BM_sort_BigO", "cpu_coefficient": 1.5, "big_o": "N", "time_unit": "ns"},
        {"name": "BM_sort_RMS", "rms": 0.02},
        _row("BM_running_mean"),
    )
    assert [each.brick_id for each in file.bundle.benchmarks] == ["BM_sort", "BM_running_mean"]
    assert file.aggregates == 4


def test_errors_fail_with_their_message_and_skips_are_unsupported(tmp_path: Path) -> None:
    file = _read(
        tmp_path,
        _row("BM_error", error_occurred=True, error_message="CUDNN_STATUS_NOT_SUPPORTED"),
        _row("BM_silent", error_occurred=True, error_message=""),
        _row("BM_skip", skipped=True, skip_message="no tensor cores"),
        _row("BM_fine", error_occurred=False),
        _row("BM_both"),
        _row("BM_both", skipped=True, skip_message="no memory left"),
        _row("BM_both", error_occurred=True, error_message="lost the device"),
    )
    assert [(each.status, each.reason, each.n) for each in file.bundle.results] == [
        ("failed", "CUDNN_STATUS_NOT_SUPPORTED", 0),
        ("failed", "it does not say what went wrong", 0),
        ("unsupported", "no tensor cores", 0),
        ("ok", "", 1),
        ("failed", "lost the device", 1),
    ]


@pytest.mark.parametrize(
    ("date", "started"),
    [
        ("2017-05-03 19:57:31", "2017-05-03T19:57:31.000000Z"),
        (None, "1970-01-01T00:00:00.000000Z"),
    ],
)
def test_a_date_may_lack_its_zone_or_be_missing(
    date: str | None, started: str, tmp_path: Path
) -> None:
    file = _read(tmp_path, _row(), context=_CONTEXT | {"date": date})
    assert file.bundle.results[0].started_utc == started


def test_counters_that_are_no_numbers_are_kept_as_text(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    numbers = '"rate": Infinity, "error": NaN, "flops": 1e999, "tiny": 1e-999999999'
    row = f'{{"name": "BM", "real_time": 1e-999999999, {numbers}}}'
    path.write_text(f'{{"context": {{}}, "benchmarks": [{row}]}}')
    (result,) = read_google_benchmark(path).bundle.results
    (kept,) = result.extra["rows"]
    assert (kept["rate"], kept["error"], kept["flops"]) == ("Infinity", "NaN", "1E+999")
    assert (kept["tiny"], result.samples_ns) == (0.0, (0,))


def test_a_file_without_rows_holds_nothing(tmp_path: Path) -> None:
    file = _read(tmp_path)
    assert (file.bundle.benchmarks, file.bundle.results, file.aggregates) == ((), (), 0)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "the file is not JSON"),
        ("\udcff", "the file is not JSON"),
        ("[" * 100_000, "the file is not JSON"),
        ('{"context": {"host_name": "\\ud800"}, "benchmarks": []}', "the file is not JSON"),
        ("[]", "the file is not a result of Google Benchmark"),
        ('{"context": {}}', "the file is not a result of Google Benchmark"),
        ('{"context": [], "benchmarks": []}', "the file is not a result of Google Benchmark"),
        ('{"context": {}, "benchmarks": {}}', "the file is not a result of Google Benchmark"),
        ('{"context": {"date": "today"}, "benchmarks": []}', "the date of the context is 'today'"),
        ('{"context": {"date": 5}, "benchmarks": []}', "the date of the context is 5"),
    ],
)
def test_refuses_what_is_no_such_file(text: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(StoreError) as caught:
        read_google_benchmark(path)
    assert str(caught.value) == f"StoreError: {what}\n  where  {path}\n  fix    {_FIX}"


def test_refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        read_google_benchmark(tmp_path / "old.json")
    assert caught.value.what == "the file cannot be read: No such file or directory"


@pytest.mark.parametrize("row", [5, {}, {"name": 5}])
def test_refuses_a_row_without_a_name(row: Any, tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        _read(tmp_path, _row(), row)
    assert str(caught.value) == (
        "StoreError: the row has no name\n"
        f"  where  {tmp_path / 'old.json'}, row 2 of benchmarks\n"
        f"  fix    {_FIX}"
    )


@pytest.mark.parametrize(
    ("given", "what", "fix"),
    [
        ({"real_time": None}, "real_time is None, not a time", _FIX),
        ({"real_time": "12"}, "real_time is '12', not a time", _FIX),
        ({"real_time": True}, "real_time is True, not a time", _FIX),
        ({"time_unit": "min"}, "time_unit is 'min', not one of ns, us, ms, s", _FIX),
        ({"time_unit": []}, "time_unit is [], not one of ns, us, ms, s", _FIX),
        ({"real_time": -1}, "real_time is -1, not a time", _FIX),
        ({"real_time": 2**63}, "real_time is 9223372036854775808, not a time", _FIX),
        (
            {"real_time": 2**62, "time_unit": "s"},
            "samples are not a row of times in whole ns",
            "use integers from 0 on, in ns",
        ),
        (
            {"threads": 1.5},
            "threads is Decimal('1.5'), not a whole number",
            "use an int of at most 32 bits",
        ),
        ({"name": "B\nM"}, "brick_id is 'B\\nM', not a line of text", "use printable characters"),
    ],
)
def test_refuses_a_malformed_row_by_its_name(
    given: dict[str, Any], what: str, fix: str, tmp_path: Path
) -> None:
    row = _row("BM") | given
    with pytest.raises(StoreError) as caught:
        _read(tmp_path, row)
    where = f"{tmp_path / 'old.json'}, benchmark {row['name']!r}"
    assert str(caught.value) == f"StoreError: {what}\n  where  {where}\n  fix    {fix}"


@given(context=_JSON, row=st.dictionaries(st.sampled_from(sorted(_FIELDS)), _JSON))
def test_anything_is_read_or_refused_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, context: Any, row: dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "anything.json"
    with contextlib.suppress(StoreError):
        file = read_google_benchmark(_write(path, _row() | row, context={"num_cpus": context}))
        assert len(file.bundle.results) + file.aggregates == 1
    with contextlib.suppress(StoreError):
        read_google_benchmark(_write(path, row, context=context))
