from __future__ import annotations

import dataclasses
import gzip
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dlscope import api
from dlscope.core.errors import DataError, FileError, PlanError, StoreError
from dlscope.core.run import Run
from dlscope.core.trace import Level, Span, Trace
from dlscope.methods.profiling.profile import CLOCK
from dlscope.store import Store
from dlscope.testing.profiles import example_profiles
from dlscope.tracing.exporters.chrome import write_chrome
from dlscope.tracing.stream import SpanStream

EVENTS = [
    {"ph": "X", "cat": "cpu_op", "name": "conv", "pid": 1, "tid": 1, "ts": 1.0, "dur": 9.0},
    {"ph": "X", "cat": "cpu_op", "name": "gemm", "pid": 1, "tid": 1, "ts": 2.0, "dur": 3.0},
    {"ph": "X", "cat": "cpu_op", "name": "gemm", "pid": 1, "tid": 1, "ts": 6.0, "dur": 3.0},
]


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """A profile of torch.profiler with three operators."""
    path = tmp_path / "profile.json"
    header = {"baseTimeNanoseconds": 1_700_000_000_000_000_000}
    path.write_text(json.dumps({**header, "traceEvents": EVENTS}))
    return path


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[tuple[str, Run]]:
    """A store with the golden example in it, and its Run."""
    (run, *_) = example_profiles()
    anchor = json.dumps({"monotonic_ns": 0, "offset_ns": 1_700_000_000 * 10**9, "error_ns": 10})
    told = dataclasses.replace(run, artifacts={**run.artifacts, CLOCK: anchor})
    bare = dataclasses.replace(run, id="r-bare")
    with Store.open(str(tmp_path / "store")) as store:
        store.accept(told)
        store.accept(bare)
    yield str(tmp_path / "store"), told


def test_spans_are_told_by_level_and_name(profile: Path) -> None:
    report = api.describe_trace(profile)
    assert report.answer == "3 spans; 3 know their place."
    (level,) = report.table("levels")
    assert (level["level"], level["spans"], level["total_ns"]) == ("LAYER", 3, 15_000)
    assert [(row["name"], row["count"], row["total_ns"]) for row in report.table("names")] == [
        ("conv", 1, 9_000),
        ("gemm", 2, 6_000),
    ]
    assert report.warnings == ()


def test_parents_are_found(profile: Path) -> None:
    trace = api.read_trace(profile).trace
    names = {0: "", **{span.id: span.name for span in trace}}
    assert [(span.name, names[span.parent_id]) for span in trace] == [
        ("conv", ""),
        ("gemm", "conv"),
        ("gemm", "conv"),
    ]


def test_a_file_that_is_cut_gives_what_is_whole(profile: Path) -> None:
    profile.write_bytes(profile.read_bytes()[:-40])
    report = api.describe_trace(profile)
    assert report.answer.startswith("2 spans")
    assert "is cut at byte" in report.warnings[0]
    with pytest.raises(DataError, match="is cut at byte"):
        api.read_trace(profile, strict=True)


def test_other_kinds_of_trace_are_read_by_name(tmp_path: Path) -> None:
    trace = Trace([Span(1, 0, Level.MODEL, "model", 5, 9)])
    write_chrome(tmp_path / "t.json", trace)
    assert api.read_trace(tmp_path / "t.json", "chrome").trace.spans[0].name == "model"


def test_an_unknown_kind_is_refused(profile: Path) -> None:
    with pytest.raises(PlanError) as refusal:
        api.read_trace(profile, "kinetto")
    assert str(refusal.value) == (
        "PlanError: 'kinetto' is no kind of trace\n  where  --from\n  fix    did you mean kineto?"
    )


@pytest.fixture
def nsys(tmp_path: Path) -> Path:
    """What Nsight Systems exports of one kernel and the call that launched it."""
    path = tmp_path / "report.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            "CREATE TABLE StringIds (id INT, value TEXT);"
            "CREATE TABLE TARGET_INFO_SESSION_START_TIME (utcEpochNs INT);"
            "CREATE TABLE CUPTI_ACTIVITY_KIND_RUNTIME"
            " (start INT, end INT, globalTid INT, correlationId INT, nameId INT);"
            "CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL"
            " (start INT, end INT, deviceId INT, streamId INT, correlationId INT, shortName INT);"
            "INSERT INTO StringIds VALUES (1, 'launch'), (2, 'gemm');"
            "INSERT INTO TARGET_INFO_SESSION_START_TIME VALUES (1700000000000000000);"
            "INSERT INTO CUPTI_ACTIVITY_KIND_RUNTIME VALUES (10, 20, 7, 5, 1);"
            "INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES (30, 90, 0, 7, 5, 2);"
        )
    return path


def test_a_report_of_nsight_systems_is_shown(nsys: Path) -> None:
    report = api.describe_trace(nsys, "nsys")
    assert report.answer == "2 spans; 2 know their place."
    assert report.table("levels").column("level") == ("LIBRARY", "KERNEL")
    trace = api.read_trace(nsys, "nsys").trace
    assert [span.parent_kind for span in trace] == ["given", "correlated"]


def test_a_trace_of_another_tool_is_written_in_any_form(nsys: Path, tmp_path: Path) -> None:
    for name in ("trace.json", "trace.parquet", "trace.otlp.json"):
        assert api.export_trace(str(nsys), tmp_path / name, kind="nsys") == 2
    assert api.read_trace(tmp_path / "trace.json", "chrome").trace.named("gemm")
    told = json.loads((tmp_path / "trace.otlp.json").read_text())
    (span, _) = told["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert span["startTimeUnixNano"] == "1700000000000000010"


def test_a_file_that_does_not_tell_the_time_of_day_is_not_written_for_collectors(
    nsys: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(nsys)) as database:
        database.execute("DROP TABLE TARGET_INFO_SESSION_START_TIME")
    with pytest.raises(StoreError) as caught:
        api.export_trace(str(nsys), tmp_path / "trace.otlp.json", kind="nsys")
    assert str(caught.value) == (
        "StoreError: the file does not tell the time of day of its spans\n"
        f"  where  {nsys}\n"
        "  fix    write it as trace.json or trace.parquet"
    )


def test_what_was_recorded_while_a_program_ran_is_read(tmp_path: Path) -> None:
    with (
        SpanStream(tmp_path / "spans.arrows", Level.LAYER) as stream,
        stream.span("predict", Level.MODEL),
        stream.span("conv", Level.LAYER),
    ):
        pass
    trace = api.read_trace(tmp_path / "spans.arrows", "stream").trace
    assert sorted(span.name for span in trace) == ["conv", "predict"]


@pytest.mark.parametrize("name", ["trace.json", "trace.json.gz"])
def test_a_trace_is_written_for_perfetto(stored, tmp_path: Path, name: str) -> None:
    store, run = stored
    assert api.export_trace(run.id, tmp_path / name, store=store) == len(run.trace)
    content = (tmp_path / name).read_bytes()
    text = gzip.decompress(content) if name.endswith(".gz") else content
    events = json.loads(text)["traceEvents"]
    assert sum(event["ph"] == "X" for event in events) == len(run.trace)


def test_a_trace_is_written_as_a_table(stored, tmp_path: Path) -> None:
    store, run = stored
    api.export_trace(run.id, tmp_path / "trace.parquet", store=store)
    assert pq.read_table(tmp_path / "trace.parquet").num_rows == len(run.trace)


def test_a_trace_is_written_for_collectors_with_the_time_of_day(stored, tmp_path: Path) -> None:
    store, run = stored
    path = tmp_path / "trace.otlp.json"
    assert api.export_trace(run.id, path, store=store) == len(run.trace)
    requests = [json.loads(line) for line in path.read_text().splitlines()]
    starts = [
        int(span["startTimeUnixNano"])
        for request in requests
        for resource in request["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]
    assert len(starts) == len(run.trace)
    assert min(starts) == 1_700_000_000 * 10**9 + run.trace["start_ns"].min()


def test_a_run_that_does_not_know_the_time_of_day_is_not_written_for_collectors(
    stored, tmp_path: Path
) -> None:
    store, _ = stored
    with pytest.raises(StoreError) as caught:
        api.export_trace("r-bare", tmp_path / "trace.otlp.json", store=store)
    assert str(caught.value) == (
        "StoreError: the run does not tell the time of day of its spans\n"
        "  where  run r-bare\n"
        "  fix    write it as trace.json or trace.parquet, or profile the model"
    )
    assert not (tmp_path / "trace.otlp.json").exists()


def test_another_kind_of_file_is_refused(stored, tmp_path: Path) -> None:
    store, run = stored
    with pytest.raises(StoreError) as caught:
        api.export_trace(run.id, tmp_path / "trace.csv", store=store)
    assert (caught.value.what, caught.value.fix) == (
        "trace.csv is no form that a trace can be written in",
        "name it trace.otlp.json, trace.otlp.json.gz, trace.json, trace.json.gz, trace.parquet",
    )


@pytest.mark.parametrize("name", ["trace.json", "trace.parquet", "trace.otlp.json"])
def test_a_file_that_cannot_be_written_is_told(stored, tmp_path: Path, name: str) -> None:
    store, run = stored
    with pytest.raises(FileError) as caught:
        api.export_trace(run.id, tmp_path / "nowhere" / name, store=store)
    assert caught.value.what.startswith("the file cannot be written: ")
    assert caught.value.what.endswith("No such file or directory")
    assert caught.value.where == str(tmp_path / "nowhere" / name)


def test_an_unknown_run_is_refused(stored, tmp_path: Path) -> None:
    store, _ = stored
    with pytest.raises(StoreError):
        api.export_trace("r-none", tmp_path / "trace.json", store=store)


def test_a_file_of_another_form_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "trace.parquet").touch()
    with pytest.raises(DataError) as refusal:
        api.read_trace(tmp_path / "trace.parquet", "kineto")
    assert str(refusal.value) == (
        "DataError: trace.parquet is read as parquet, not as kineto\n"
        f"  where  {tmp_path / 'trace.parquet'}\n"
        "  fix    give --from parquet, or leave it out"
    )


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError) as refusal:
        api.read_trace(tmp_path / "trace.json")
    assert str(refusal.value) == (
        "DataError: trace.json cannot be read: No such file or directory\n"
        f"  where  {tmp_path / 'trace.json'}\n"
        "  fix    name the file of a trace that is there"
    )


@pytest.mark.parametrize("name", ["t.json", "t.json.gz", "t.parquet"])
def test_what_dlscope_wrote_is_known_without_its_kind(stored, tmp_path: Path, name: str) -> None:
    store, run = stored
    spans = api.export_trace(run.id, tmp_path / name, store=store)
    assert len(api.read_trace(tmp_path / name).trace) == spans


def test_a_file_is_exported_as_a_run_is(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(json.dumps({"traceEvents": EVENTS}))
    assert api.export_trace(str(tmp_path / "mine.json"), tmp_path / "first.json") == 3
    assert api.export_trace(str(tmp_path / "first.json"), tmp_path / "again.json") == 3


def test_a_folder_is_no_trace(tmp_path: Path) -> None:
    with pytest.raises(DataError) as refused:
        api.read_trace(tmp_path)
    assert refused.value.what == f"{tmp_path} is a folder, not a trace"
    assert refused.value.fix == "name the file of a trace in it"


def test_says_how_the_longest_are_shown(tmp_path: Path) -> None:
    file = tmp_path / "my trace.json"
    file.write_text(json.dumps({"traceEvents": EVENTS}))
    ((command, meaning),) = api.describe_trace(file, "kineto").next_commands
    assert command == f"dlscope trace show '{file}' --from kineto --all"
    assert meaning == "which take longest"
