"""Traces in files: `export_trace` writes them; `read_trace`, `describe_trace` read others'."""

from __future__ import annotations

import gzip
import json
import shlex
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.core.run import Run
    from dlscope.core.table import Cell, Table
    from dlscope.core.trace import Trace
    from dlscope.tracing.epoch import Anchor
    from dlscope.tracing.merge import Merged

    _Span = tuple[int, str, int]

FORMS = (".otlp.json", ".otlp.json.gz", ".json", ".json.gz", ".parquet")
"""Ends of the names of files that a trace can be written to."""
KINDS = ("kineto", "chrome", "jaeger", "otlp", "nsys", "onnxruntime", "parquet", "stream")
_FORMS_BY_NAME = {
    ".parquet": "parquet",
    ".otlp.json": "otlp",
    ".otlp.json.gz": "otlp",
    ".sqlite": "nsys",
}
_ON_WALL_CLOCK = ("kineto", "jaeger", "otlp", "nsys")
_LONGEST = 20
_HEAD_BYTES = 64


def export_trace(run: str, file: Path, *, store: str | None = None, kind: str | None = None) -> int:
    """Write the spans of a stored run to `file`, in the form of its name; how many there are.

    `.otlp.json` is read by collectors of OpenTelemetry, any other `.json` and `.json.gz` by
    Perfetto and Chrome, `.parquet` by any tool for tables. With a `kind`, or where it is a file,
    `run` is the path of a trace in another form, see `read_trace`. Raises `StoreError` for an
    unknown run and for another form of file, `FileError` for one that cannot be written.
    """
    from dlscope.core.errors import StoreError
    from dlscope.core.whole_file import unwritable

    form = next((form for form in FORMS if file.name.endswith(form)), None)
    if form is None:
        raise StoreError(
            f"{file.name} is no form that a trace can be written in",
            where=str(file),
            fix=f"name it {', '.join(f'trace{each}' for each in FORMS)}",
        )
    is_file = kind is not None or Path(run).is_file()
    trace, wall_clock = _foreign(Path(run), kind) if is_file else _stored(run, store)
    try:
        _write(trace, wall_clock, file, form)
    except OSError as error:
        raise unwritable(error, file) from error
    return len(trace)


def _stored(run: str, store: str | None) -> tuple[Trace, Callable[[], Anchor]]:
    """The spans of a stored run, and what tells the time of day of them."""
    from dlscope.store import Store

    with Store.open(store) as opened:
        found = opened.run(run)
    return found.trace, lambda: _wall_clock(found)


def _foreign(file: Path, kind: str | None) -> tuple[Trace, Callable[[], Anchor]]:
    """The spans that another tool wrote, and what tells the time of day of them."""
    from dlscope.core.errors import StoreError
    from dlscope.tracing.epoch import Anchor

    merged = read_trace(file, kind)
    is_known = _form(file, kind) in _ON_WALL_CLOCK and all(
        each.kind != "clock_unknown" for each in merged.diagnostics
    )

    def wall_clock() -> Anchor:
        if is_known:
            return Anchor(0, 0, 0)
        raise StoreError(
            "the file does not tell the time of day of its spans",
            where=str(file),
            fix="write it as trace.json or trace.parquet",
        )

    return merged.trace, wall_clock


def _write(trace: Trace, wall_clock: Callable[[], Anchor], file: Path, form: str) -> None:
    from dlscope.store.parquet import write_spans
    from dlscope.tracing.exporters.chrome import write_chrome
    from dlscope.tracing.exporters.otlp import write_otlp

    if form == ".parquet":
        write_spans(file, trace)
    elif form.startswith(".otlp"):
        write_otlp(file, trace, wall_clock())
    else:
        write_chrome(file, trace)


def _wall_clock(run: Run) -> Anchor:
    from dlscope.core.errors import StoreError
    from dlscope.methods.profiling.profile import CLOCK
    from dlscope.tracing.epoch import Anchor

    if CLOCK not in run.artifacts:
        raise StoreError(
            "the run does not tell the time of day of its spans",
            where=f"run {run.id}",
            fix="write it as trace.json or trace.parquet, or profile the model",
        )
    return Anchor(**json.loads(run.artifacts[CLOCK]))


def read_trace(file: Path, kind: str | None = None, *, strict: bool = False) -> Merged:
    """The spans of `file` with parents found, and what to know about them.

    `kind` is who wrote it; without, the name of the file tells, or its beginning where dlscope
    wrote it, else it is one of torch.profiler. `kineto` is torch.profiler, `nsys` what Nsight
    Systems exports as SQLite, `stream` a `SpanStream` of dlscope. A JSON file that is cut gives
    every complete event and a diagnostic, unless the reading is `strict`. Raises `DataError` for
    what is no such file and `PlanError` for an unknown kind.
    """
    from dlscope.tracing.merge import Merged, merge

    drained = _readers(strict)[_form(file, kind)](file)
    merged = merge([drained.trace])
    return Merged(merged.trace, (*drained.diagnostics, *merged.diagnostics))


def describe_trace(file: Path, kind: str | None = None, *, strict: bool = False) -> Report:
    """What is in a trace file: spans and time by level, the longest names, what went amiss."""
    from dlscope.core.report import Report, Section

    merged = read_trace(file, kind, strict=strict)
    tables = _tables(merged)
    spans = len(merged.trace)
    lost = sum(each.count for each in merged.diagnostics if each.kind in ("orphan", "ambiguous"))
    return Report(
        title=file.name,
        answer=f"{spans} spans; {spans - lost} know their place.",
        tables=tables,
        sections=tuple(Section(table.title, (table,)) for table in tables if len(table)),
        warnings=tuple(f"{each.what} ({each.count})" for each in merged.diagnostics),
        next_commands=((f"dlscope trace show {_typed(file, kind)} --all", "which take longest"),),
    )


def _typed(file: Path, kind: str | None) -> str:
    """The file and its kind as they are typed."""
    return shlex.join([str(file), *(["--from", kind] if kind else [])])


def _known(kind: str) -> str:
    from dlscope.core.errors import PlanError, did_you_mean

    if kind not in KINDS:
        raise PlanError(
            f"{kind!r} is no kind of trace", where="--from", fix=did_you_mean(kind, KINDS)
        )
    return kind


def _form(file: Path, kind: str | None) -> str:
    """How `file` is read: as its name or its first bytes tell, else as `kind`, or kineto.

    Refuses a file that is not there, and a `kind` that the file contradicts.
    """
    from dlscope.core.errors import DataError

    if kind is not None:
        _known(kind)
    if not file.exists():
        what = f"{file.name} cannot be read: No such file or directory"
        raise DataError(what, where=str(file), fix="name the file of a trace that is there")
    if file.is_dir():
        what = f"{file} is a folder, not a trace"
        raise DataError(what, where=str(file), fix="name the file of a trace in it")
    told = next((form for end, form in _FORMS_BY_NAME.items() if file.name.endswith(end)), None)
    if told is None and _is_of_dlscope(file):
        told = "chrome"
    if told and kind and told != kind:
        what = f"{file.name} is read as {told}, not as {kind}"
        raise DataError(what, where=str(file), fix=f"give --from {told}, or leave it out")
    return told or kind or "kineto"


def _is_of_dlscope(file: Path) -> bool:
    """Whether `export_trace` wrote the events of `file`, by how it begins."""
    opened = gzip.open if file.name.endswith(".gz") else open
    try:
        with opened(file, "rb") as stream:
            return b'"dlscope":' in stream.read(_HEAD_BYTES)
    except (OSError, EOFError, zlib.error):
        return False  # its reader tells what is wrong with it


def _readers(strict: bool) -> Mapping[str, Any]:
    from dlscope.store.parquet import read_spans
    from dlscope.tracing.epoch import EpochClock, anchor
    from dlscope.tracing.sources.chrome import read_chrome
    from dlscope.tracing.sources.jaeger import read_jaeger
    from dlscope.tracing.sources.kineto import read_kineto
    from dlscope.tracing.sources.nsys import read_nsys
    from dlscope.tracing.sources.onnxruntime import read_onnxruntime
    from dlscope.tracing.sources.otlp import read_otlp
    from dlscope.tracing.stream_reading import read_stream
    from dlscope.tracing.tracer import Drained

    return {
        "kineto": lambda file: read_kineto(file, strict=strict),
        "chrome": lambda file: read_chrome(file, strict=strict),
        "jaeger": read_jaeger,
        "otlp": read_otlp,
        "nsys": read_nsys,
        # The file alone does not tell when it began.
        "onnxruntime": lambda file: read_onnxruntime(
            file, EpochClock(anchor()), profile_start_ns=0
        ),
        "parquet": lambda file: Drained(read_spans(file)),
        "stream": read_stream,
    }


def _tables(merged: Merged) -> tuple[Table, ...]:
    trace = merged.trace
    spans = list(
        zip(
            trace["level"].tolist(),
            trace.text("name").tolist(),
            (trace["end_ns"] - trace["start_ns"]).tolist(),
            strict=True,
        )
    )
    return _levels_table(spans), _names_table(spans), _diagnostics_table(merged)


def _levels_table(spans: Sequence[_Span]) -> Table:
    from dlscope.core.table import Column, Table
    from dlscope.core.trace import Level

    columns = (
        Column("level", "str", "level of the spans"),
        Column("spans", "int", "how many", role="count"),
        Column("total_ns", "int", "sum of their durations, overlaps twice", "ns", "value"),
    )
    sums: dict[int, list[int]] = {}
    for level, _, duration in spans:
        sums.setdefault(level, []).append(duration)
    records: list[dict[str, Cell]] = [
        {"level": Level(level).name, "spans": len(sums[level]), "total_ns": sum(sums[level])}
        for level in sorted(sums)
    ]
    return Table.of("levels", columns, records)


def _names_table(spans: Sequence[_Span]) -> Table:
    from dlscope.core.table import Column, Table
    from dlscope.core.trace import Level

    columns = (
        Column("level", "str", "level of the spans"),
        Column("name", "str", "name of the spans"),
        Column("count", "int", "how many", role="count"),
        Column("total_ns", "int", "sum of their durations", "ns", "value"),
    )
    sums: dict[tuple[int, str], list[int]] = {}
    for level, name, duration in spans:
        sums.setdefault((level, name), []).append(duration)
    longest = sorted(sums, key=lambda each: (-sum(sums[each]), each))[:_LONGEST]
    records: list[dict[str, Cell]] = [
        {"level": Level(level).name, "name": name, "count": len(found), "total_ns": sum(found)}
        for level, name in longest
        if (found := sums[level, name])
    ]
    return Table.of("names", columns, records, title="Longest")


def _diagnostics_table(merged: Merged) -> Table:
    from dlscope.core.table import Column, Table

    columns = (
        Column("kind", "str", "word for it"),
        Column("what", "str", "what went amiss"),
        Column("count", "int", "how often", role="count"),
    )
    records = [vars(each) for each in merged.diagnostics]
    return Table.of("diagnostics", columns, records)
