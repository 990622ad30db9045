"""A run in this process, and the protocol of one in its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dlscope.core.trace import Level
from dlscope.methods.profiling.child import ProfiledRun
from dlscope.store.parquet import read_spans

Order = Callable[..., dict[str, Any]]


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    """The process that serves one run."""
    command = [sys.executable, "-m", "dlscope.methods.profiling.child"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        yield process


def asked(process: subprocess.Popen[str], line: str) -> Any:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def run(order: dict[str, Any], *levels: str, number: int = 1) -> ProfiledRun:
    return ProfiledRun({**order, "levels": list(levels), "run": number})


def test_spans_of_measured_iterations_alone_are_written_each_in_its_place(
    order: Order, tmp_path: Path
) -> None:
    profiled = run(order("reference", warmup=2), "MODEL", "LAYER")
    told = [profiled.iterate() for _ in range(2)]
    assert profiled.finish(tmp_path / "spans.parquet") == {"diagnostics": []}
    trace = read_spans(tmp_path / "spans.parquet")
    models = [span for span in trace if span.level == Level.MODEL]
    assert [span.iteration for span in models] == [0, 1]
    assert [span.duration_ns for span in models] == [each["duration_ns"] for each in told]
    assert [span.cpu_ns for span in models] == [each["cpu_ns"] for each in told]
    assert {span.process for span in models} == {os.getpid()}
    layers = [span for span in trace if span.level == Level.LAYER]
    assert [span.type for span in layers] == 2 * ["GlobalAveragePool", "Flatten", "MatMul"]
    by_id = {span.id: span for span in models}
    assert [by_id[span.parent_id].iteration for span in layers] == [0, 0, 0, 1, 1, 1]
    assert {(span.run, span.tracer) for span in trace} == {(1, "dlscope"), (1, "reference")}


def test_without_deeper_levels_there_is_no_tracer(order: Order, tmp_path: Path) -> None:
    profiled = run(order("reference"), "MODEL", number=0)
    profiled.iterate()
    profiled.finish(tmp_path / "spans.parquet")
    (span,) = read_spans(tmp_path / "spans.parquet")
    assert (span.name, span.level, span.run, span.parent_id) == ("model", Level.MODEL, 0, 0)


def test_a_tracer_sees_the_prediction_before_the_first_that_counts(
    order: Order, spinning: str, tmp_path: Path
) -> None:
    profiled = run(order(spinning, warmup=3, layer_ns=0, dies_at=6), "MODEL", "LAYER")
    profiled.iterate()
    profiled.finish(tmp_path / "spans.parquet")
    assert len(read_spans(tmp_path / "spans.parquet")) == 1 + 3


def test_of_iterations_that_are_repeated_nothing_is_kept(order: Order, tmp_path: Path) -> None:
    profiled = run(order("reference"), "MODEL", "LAYER")
    profiled.iterate()
    assert profiled.repeat(0) == 1
    assert profiled.repeat(20_000_000) > 1
    profiled.iterate()
    profiled.finish(tmp_path / "spans.parquet")
    models = [span for span in read_spans(tmp_path / "spans.parquet") if span.level == Level.MODEL]
    assert [span.iteration for span in models] == [0, 1]


def test_no_iteration_is_an_empty_file(order: Order, tmp_path: Path) -> None:
    assert run(order("reference"), "MODEL", "LAYER").finish(tmp_path / "a.parquet") == {
        "diagnostics": []
    }
    assert len(read_spans(tmp_path / "a.parquet")) == 0


def test_the_report_is_that_of_the_warm_framework(order: Order) -> None:
    assert run(order("reference"), "MODEL").report["precision"] == "as declared"


def test_a_process_answers_line_by_line_and_ends_with_its_input(
    order: Order, child: subprocess.Popen[str], tmp_path: Path
) -> None:
    told = {**order("reference"), "levels": ["MODEL"], "run": 0, "into": str(tmp_path / "spans")}
    assert "ready" in asked(child, json.dumps(told))
    assert set(asked(child, "iterate")) == {"duration_ns", "cpu_ns", "waited_ns"}
    assert asked(child, "repeat 0") == {"iterations": 1}
    assert asked(child, "finish") == {"diagnostics": []}
    assert (tmp_path / "spans").exists()
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(20) == 0


def test_what_a_framework_prints_is_no_answer(
    order: Order, spinning: str, child: subprocess.Popen[str]
) -> None:
    options = {"dies_at": 2, "ends_with": "OutOfMemory", "layer_ns": 0}
    told = {**order(spinning, **options), "levels": ["MODEL"], "run": 0}
    answer = asked(child, json.dumps(told))
    assert answer["error"]["kind"] == "OutOfMemory"
    assert child.stderr is not None
    assert child.stderr.readline() == "last words 0\n"
