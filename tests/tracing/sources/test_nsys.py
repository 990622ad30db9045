"""Exports of Nsight Systems, made with the tables and columns that its documentation lists."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlscope.core.errors import DataError
from dlscope.core.trace import UNRESOLVED, Level, Span
from dlscope.tracing.epoch import Anchor, EpochClock
from dlscope.tracing.merge import merge
from dlscope.tracing.sources.nsys import read_nsys
from dlscope.tracing.tracer import Diagnostic

EPOCH_NS = 1_700_000_000_000_000_000
PROCESS, THREAD = 4711, 4712
GLOBAL_PID = 1 << 56 | PROCESS << 24
GLOBAL_TID = GLOBAL_PID | THREAD
SCHEMA = """
CREATE TABLE StringIds (id INTEGER NOT NULL PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE TARGET_INFO_SESSION_START_TIME (utcEpochNs INTEGER, utcTime TEXT, localTime TEXT);
CREATE TABLE NVTX_EVENTS (start INTEGER NOT NULL, end INTEGER, eventType INTEGER NOT NULL,
  rangeId INTEGER, text TEXT, globalTid INTEGER, endGlobalTid INTEGER, textId INTEGER,
  domainId INTEGER);
CREATE TABLE CUPTI_ACTIVITY_KIND_RUNTIME (start INTEGER NOT NULL, end INTEGER NOT NULL,
  eventClass INTEGER, globalTid INTEGER, correlationId INTEGER, nameId INTEGER NOT NULL,
  returnValue INTEGER NOT NULL);
CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INTEGER NOT NULL, end INTEGER NOT NULL,
  deviceId INTEGER NOT NULL, contextId INTEGER NOT NULL, streamId INTEGER NOT NULL,
  correlationId INTEGER, globalPid INTEGER, demangledName INTEGER NOT NULL,
  shortName INTEGER NOT NULL, mangledName INTEGER, registersPerThread INTEGER NOT NULL,
  gridX INTEGER, gridY INTEGER, gridZ INTEGER, blockX INTEGER, blockY INTEGER, blockZ INTEGER,
  staticSharedMemory INTEGER NOT NULL, dynamicSharedMemory INTEGER NOT NULL);
CREATE TABLE CUPTI_ACTIVITY_KIND_MEMCPY (start INTEGER NOT NULL, end INTEGER NOT NULL,
  deviceId INTEGER NOT NULL, contextId INTEGER NOT NULL, streamId INTEGER NOT NULL,
  correlationId INTEGER, globalPid INTEGER, bytes INTEGER NOT NULL, copyKind INTEGER NOT NULL);
CREATE TABLE CUPTI_ACTIVITY_KIND_MEMSET (start INTEGER NOT NULL, end INTEGER NOT NULL,
  deviceId INTEGER NOT NULL, contextId INTEGER NOT NULL, streamId INTEGER NOT NULL,
  correlationId INTEGER, globalPid INTEGER, value INTEGER NOT NULL, bytes INTEGER NOT NULL);
"""
TEXTS = [(1, "cudaLaunchKernel_v7000"), (2, "void gemm<float>(int)"), (3, "gemm"), (4, "conv1")]


class Export:
    """An exported file that is being written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = sqlite3.connect(path)
        self.database.executescript(SCHEMA)
        self.database.executemany("INSERT INTO StringIds VALUES (?, ?)", TEXTS)
        began = (EPOCH_NS, "2023-11-14", "2023-11-14")
        self.database.execute("INSERT INTO TARGET_INFO_SESSION_START_TIME VALUES (?, ?, ?)", began)

    def add(self, table: str, **values: Any) -> None:
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"
        self.database.execute(statement, tuple(values.values()))

    def range(self, start: Any, end: Any, text: str | None, **values: Any) -> None:
        known = {"eventType": 59, "globalTid": GLOBAL_TID, **values}
        self.add("NVTX_EVENTS", start=start, end=end, text=text, **known)

    def call(self, start: Any, end: Any, correlation: int | None) -> None:
        values = {"nameId": 1, "returnValue": 0, "globalTid": GLOBAL_TID}
        table = "CUPTI_ACTIVITY_KIND_RUNTIME"
        self.add(table, start=start, end=end, correlationId=correlation, **values)

    def work(self, kind: str, start: int, end: int, correlation: int, **values: Any) -> None:
        place = {"deviceId": 0, "contextId": 1, "streamId": 7, "globalPid": GLOBAL_PID}
        table = f"CUPTI_ACTIVITY_KIND_{kind}"
        self.add(table, start=start, end=end, correlationId=correlation, **place, **values)

    def kernel(self, start: int, end: int, correlation: int, **values: Any) -> None:
        told = {"demangledName": 2, "shortName": 3, "registersPerThread": 32}
        sizes = {"gridX": 8, "gridY": 1, "gridZ": 1, "blockX": 128, "blockY": 1, "blockZ": 1}
        shared = {"staticSharedMemory": 1024, "dynamicSharedMemory": 0}
        self.work("KERNEL", start, end, correlation, **{**told, **sizes, **shared, **values})

    def written(self) -> Path:
        self.database.commit()
        self.database.close()
        return self.path


@pytest.fixture
def export(tmp_path: Path) -> Export:
    return Export(tmp_path / "report.sqlite")


@pytest.fixture
def written(export: Export) -> Path:
    """A layer that copies its input and launches a kernel, which runs later."""
    export.range(1_000, 9_000, None, textId=4)
    export.call(1_500, 2_000, 1)
    export.call(3_000, 4_000, 2)
    export.work("MEMCPY", 1_800, 2_800, 1, bytes=4096, copyKind=1)
    export.kernel(9_500, 12_000, 2)
    return export.written()


def test_ranges_calls_and_work_are_spans_of_their_levels(written: Path) -> None:
    found = read_nsys(written)
    assert found.diagnostics == ()
    outline = [
        (span.level, span.kind, span.name, span.type, span.start_ns - EPOCH_NS)
        for span in found.trace
    ]
    launch = (Level.LIBRARY, "launch", "cudaLaunchKernel_v7000", "cuda_runtime")
    assert outline == [
        (Level.LAYER, "sync", "conv1", "nvtx", 1_000),
        (*launch, 1_500),
        (Level.KERNEL, "execution", "memcpy HtoD", "gpu_memcpy", 1_800),
        (*launch, 3_000),
        (Level.KERNEL, "execution", "void gemm<float>(int)", "kernel", 9_500),
    ]
    assert {span.parent_id for span in found.trace} == {UNRESOLVED}


def test_a_kernel_has_all_that_is_told_of_it(written: Path) -> None:
    kernel = read_nsys(written).trace.spans[-1]
    assert kernel == Span(
        *(4, UNRESOLVED, Level.KERNEL, "void gemm<float>(int)"),
        *(EPOCH_NS + 9_500, EPOCH_NS + 12_000, "execution", 2),
        {
            "registers_per_thread": 32,
            "static_shared_bytes": 1024,
            "dynamic_shared_bytes": 0,
            "grid": "8x1x1",
            "block": "128x1x1",
        },
        type="kernel",
        tracer="nsight-systems",
        process=PROCESS,
        device=0,
        stream=7,
    )


def test_a_host_span_knows_its_process_and_thread(written: Path) -> None:
    span = read_nsys(written).trace.spans[0]
    assert (span.process, span.thread, span.device, span.stream) == (PROCESS, THREAD, -1, -1)


def test_merged_a_kernel_lies_in_its_launch_and_the_launch_in_its_layer(written: Path) -> None:
    merged = merge([read_nsys(written).trace])
    names = {span.id: span.name for span in merged.trace}
    found = [(span.name, names.get(span.parent_id, ""), span.parent_kind) for span in merged.trace]
    assert found == [
        ("conv1", "", "given"),
        ("cudaLaunchKernel_v7000", "conv1", "contained"),
        ("memcpy HtoD", "cudaLaunchKernel_v7000", "correlated"),
        ("cudaLaunchKernel_v7000", "conv1", "contained"),
        ("void gemm<float>(int)", "cudaLaunchKernel_v7000", "correlated"),
    ]
    assert merged.diagnostics == ()


def test_a_clock_brings_times_to_that_of_the_trace(written: Path) -> None:
    clock = EpochClock(Anchor(0, EPOCH_NS, 0))
    assert read_nsys(written, clock).trace["start_ns"].tolist()[:2] == [1_000, 1_500]


def test_marks_and_open_ranges_are_no_spans_and_ranges_that_need_not_nest_are_counted(
    export: Export,
) -> None:
    export.range(10, 20, "pushed")
    export.range(15, None, "never popped")
    export.range(11, None, "mark", eventType=34)
    export.range(5, 500, "started", eventType=60, endGlobalTid=GLOBAL_TID + 1)
    found = read_nsys(export.written())
    assert [span.name for span in found.trace] == ["pushed"]
    what = "ranges of NVTX that are started and ended anywhere were left out"
    assert found.diagnostics == (Diagnostic("left_out", what, 1),)


@pytest.mark.parametrize(
    ("kind", "name"), [(1, "HtoD"), (2, "DtoH"), (8, "DtoD"), (10, "PtoP"), (99, "other")]
)
def test_copies_are_named_by_where_they_go(export: Export, kind: int, name: str) -> None:
    export.work("MEMCPY", 0, 10, 1, bytes=64, copyKind=kind)
    (span,) = read_nsys(export.written()).trace
    assert (span.name, span.attributes["bytes"]) == (f"memcpy {name}", 64)


def test_setting_memory_has_no_name_of_its_own(export: Export) -> None:
    export.work("MEMSET", 0, 10, 1, value=0, bytes=64)
    (span,) = read_nsys(export.written()).trace
    assert (span.name, span.type) == ("memset", "gpu_memset")


def test_a_call_without_work_is_no_launch(export: Export) -> None:
    export.call(0, 10, None)
    (span,) = read_nsys(export.written()).trace
    assert (span.kind, span.correlation_id) == ("sync", 0)


def test_a_name_that_is_not_there_falls_back_to_the_short_one(export: Export) -> None:
    export.kernel(0, 10, 1, demangledName=77)
    export.kernel(20, 30, 2, demangledName=77, shortName=78)
    assert [span.name for span in read_nsys(export.written()).trace] == ["gemm", "kernel"]


def test_columns_that_a_version_lacks_are_done_without(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    database = sqlite3.connect(path)
    database.executescript(
        "CREATE TABLE StringIds (id INT, value TEXT);"
        "CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INT, end INT, shortName INT);"
        "INSERT INTO StringIds VALUES (1, 'gemm');"
        "INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES (5, 9, 1);"
    )
    database.close()
    found = read_nsys(path)
    (span,) = found.trace
    assert (span.name, span.start_ns, span.end_ns, span.device) == ("gemm", 5, 9, 0)
    assert [each.kind for each in found.diagnostics] == ["clock_unknown"]


@pytest.mark.parametrize(
    ("start", "end"),
    [(10, 5), (-1, 5), (0, 3600 * 10**9 + 1), ("soon", 5), (1 << 62, 1 << 62), (0, 1.5)],
)
def test_events_without_a_time_that_can_be_are_counted(
    export: Export, start: Any, end: Any
) -> None:
    export.call(start, end, 1)
    found = read_nsys(export.written())
    assert len(found.trace) == 0
    assert [(each.kind, each.count) for each in found.diagnostics] == [
        ("dropped", 1),
        ("incomplete", 1),
    ]


def test_text_that_is_not_utf_8_is_kept_as_far_as_it_is(export: Export) -> None:
    export.database.execute("INSERT INTO StringIds VALUES (9, CAST(x'c3a4ff' AS TEXT))")
    export.range(0, 5, None, textId=9)
    assert [span.name for span in read_nsys(export.written()).trace] == ["ä\ufffd"]


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _report(path: Path) -> None:
    path.write_bytes(b"NVIDIA Nsight Systems report")


def _other_database(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE runs (id TEXT)")
    database.close()


def _without_events(path: Path) -> None:
    Export(path).written()


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (_empty, "report.sqlite is no SQLite database"),
        (_report, "report.sqlite is no SQLite database"),
        (_other_database, "report.sqlite has no tables of Nsight Systems"),
        (_without_events, "report.sqlite holds no events"),
        (lambda _: None, "report.sqlite cannot be read: No such file or directory"),
        (Path.mkdir, "report.sqlite cannot be read: Is a directory"),
    ],
)
def test_what_is_no_export_is_refused(
    tmp_path: Path, make: Callable[[Path], None], what: str
) -> None:
    path = tmp_path / "report.sqlite"
    make(path)
    with pytest.raises(DataError) as caught:
        read_nsys(path)
    assert str(caught.value) == (
        f"DataError: {what}\n"
        f"  where  {path}\n"
        "  fix    export the report: nsys export --type sqlite report.nsys-rep"
    )


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_file_that_was_cut_is_refused(export: Export, share: float) -> None:
    for number in range(3000):
        export.call(10 * number, 10 * number + 5, number + 1)
    path = export.written()
    whole = path.read_bytes()
    path.write_bytes(whole[: round(share * len(whole))])
    with pytest.raises(DataError, match=r"report\.sqlite is damaged: "):
        read_nsys(path)


def test_the_file_is_left_as_it_is(written: Path) -> None:
    before = written.read_bytes()
    read_nsys(written)
    assert written.read_bytes() == before
    assert [each.name for each in written.parent.iterdir()] == ["report.sqlite"]


def test_a_column_whose_name_is_no_text_is_refused(written: Path) -> None:
    content = written.read_bytes()
    written.write_bytes(content.replace(b"globalTid", b"global\xffid"))
    with pytest.raises(DataError, match=r"report\.sqlite is damaged: "):
        read_nsys(written)
