"""`AnalysisSuite`: what every analysis must do, run over yours by naming it; and Runs to analyse.

class TestMine(AnalysisSuite):
    analysis = "mine"
"""
# ruff: noqa: D102 (the names of tests say what they ask for)

from __future__ import annotations

import copy
import dataclasses
import itertools
import random
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pytest

from dlscope.core import registry
from dlscope.core.analysis import Analysis
from dlscope.core.manifest import StackLock
from dlscope.core.report import Finding
from dlscope.core.run import Condition, ItemResult, Probe, Run, Samples, Stage, Status
from dlscope.core.table import Table
from dlscope.core.trace import Level, Span, Trace
from dlscope.metrics import measure
from dlscope.testing.stores import sample_environment, sample_plan

_UNITS = {"_ns": "ns", "_bytes": "bytes", "_per_s": "1/s"}
_P_BEST, _P_LABEL = 0.75, 0.25
_START_NS = 1_000_000_000
_PROBES = (
    Probe(100.0, 3, 50, 2_000_000, 900, holds=True),
    Probe(200.0, 4, 50, 9_000_000, 900, holds=False, reason="p99 latency: 9 ms"),
    *(Probe(100.0, seed, 50, 2_000_000, 900, holds=True, confirms=True) for seed in (5, 6, 7)),
)


def example_run(
    run_id: str,
    *,
    model: str = "tiny",
    framework: str = "onnxruntime",
    latencies_ns: Sequence[int] = (1_000_000, 1_100_000, 1_200_000, 1_300_000, 1_400_000),
    answers: Sequence[int | None] = (0, 1, 2),
    batch_size: int = 1,
    repeat: int = 0,
    status: Status = "finished",
    is_disturbed: bool = False,
    **scenario: Any,
) -> Run:
    """A Run of an evaluation with exact figures.

    Item i has label i and is answered with class `answers[i]` at probability 0.75, or not at all
    where that is None. Each item takes 2 ms to prepare, 1 ms to predict and 0.5 ms to finish, in
    half as much CPU time. `scenario` changes fields of the scenario.
    """
    plan = sample_plan(model=model, framework=framework)
    changed = plan.scenario.model_copy(update={**scenario, "batch_size": (batch_size,)})
    items = tuple(_item(label, answer) for label, answer in enumerate(answers))
    error = {"kind": "LoadError", "what": "the graph is cut off", "where": "y", "fix": "export it"}
    return Run(
        id=run_id,
        plan=plan.model_copy(
            update={
                "scenario": changed,
                "batch_size": batch_size,
                "repeat": repeat,
                "items": len(items),
            }
        ),
        environment=sample_environment(),
        status=status,
        started_utc="2026-03-01T12:00:00.000Z",
        stages=(Stage("load", 30_000_000, 20_000_000), Stage("first prediction", 10_000_000, 9)),
        samples=_samples(latencies_ns),
        items=items,
        metrics=() if status == "aborted" else measure("image_classification", items),
        conditions=(_interference(holds=not is_disturbed),),
        trace=_trace(len(items)),
        memory_bytes={"baseline": 1000, "peak": 5000},
        framework_report={"graph_bytes": 4096},
        error=error if status == "failed" else None,
    )


def example_runs() -> tuple[Run, ...]:
    """Runs of every kind: compared, swept, repeated, wrong, unanswered, invalid, failed, empty.

    One was made on another machine, one has searched for its peak.
    """
    slow = (9_000_000, 9_100_000, 9_200_000, 9_300_000, 9_400_000)
    return (
        example_run("r-fast"),
        example_run("r-again", repeat=1),
        example_run("r-two", batch_size=2, answers=(0, 1, None)),
        example_run("r-slow", framework="torch", latencies_ns=slow, answers=(0, 2, 2)),
        example_run("r-disturbed", framework="openvino", is_disturbed=True),
        example_run("r-failed", model="other", status="failed", latencies_ns=(), answers=()),
        example_run("r-aborted", model="other", status="aborted", latencies_ns=(), answers=(1,)),
        example_run("r-accuracy", model="third", latencies_ns=(), mode="accuracy"),
        example_run("r-server", model="fifth", type="server", latency_bound_ms=5.0),
        on_machine(example_run("r-elsewhere", latencies_ns=slow), "rack"),
        dataclasses.replace(
            example_run("r-peak", model="fourth", mode="find_peak"), probes=_PROBES
        ),
    )


def in_stack(run: Run, version: str, python: str, packages: Mapping[str, str]) -> Run:
    """`run` as if measured with `version` of its framework in a stack of `packages`."""
    pinned = tuple(f"{name}=={each}" for name, each in packages.items())
    lock = StackLock(python=python, platform="any", requirements=pinned)
    changed = {"version": version, "stack": lock}
    framework = run.plan.framework.model_copy(update=changed)
    return dataclasses.replace(
        run,
        plan=run.plan.model_copy(update={"framework": framework}),
        environment=dataclasses.replace(
            run.environment, stack={"python": python, "packages": dict(packages)}
        ),
    )


def on_machine(run: Run, name: str, **system: Any) -> Run:
    """`run` as if measured on the machine `name`; `system` changes what is told of it."""
    told = {**run.environment.system, "name": name, **system}
    return dataclasses.replace(run, environment=dataclasses.replace(run.environment, system=told))


class AnalysisSuite:
    """Name the plugin in `analysis`; override `runs` where it needs Runs of another workload."""

    analysis: ClassVar[str]

    def runs(self) -> Sequence[Run]:
        """Runs with enough in them that the analysis has rows to give."""
        return example_runs()

    @pytest.fixture
    def subject(self) -> Analysis:
        """The analysis under test."""
        analysis: Analysis = registry.load("analyses", self.analysis)()
        return analysis

    def test_is_an_analysis_under_its_registered_name(self, subject: Analysis) -> None:
        assert isinstance(subject, Analysis)
        assert subject.name == self.analysis
        assert subject.table(()).name == self.analysis

    def test_says_in_one_sentence_what_it_is(self, subject: Analysis) -> None:
        assert subject.doc.strip().endswith((".", "?"))
        assert "\n" not in subject.doc

    def test_gives_no_rows_without_runs(self, subject: Analysis) -> None:
        table = subject.table(())
        assert table.columns
        assert table.rows == ()
        assert subject.findings(table) == ()

    def test_gives_rows_for_its_runs(self, subject: Analysis) -> None:
        told = "no row for any run: let runs() give Runs that have what the analysis reads"
        assert len(subject.table(self.runs())) > 0, told

    def test_has_columns_that_do_not_depend_on_the_runs(self, subject: Analysis) -> None:
        columns = subject.table(()).columns
        assert subject.table(self.runs()).columns == columns
        for run in self.runs():
            assert subject.table([run]).columns == columns

    def test_documents_each_column_and_its_unit(self, subject: Analysis) -> None:
        for column in subject.table(()).columns:
            assert column.doc.strip() == column.doc != "", column.name
            for ending, unit in _UNITS.items():
                if column.name.endswith(ending):
                    assert column.unit == unit, column.name

    def test_names_the_columns_of_its_intervals(self, subject: Analysis) -> None:
        table = subject.table(())
        ends = [end for column in table.columns for end in (column.lo, column.hi) if end]
        assert [end for end in ends if end not in table] == []
        assert all(table.describe(end).role == "interval" for end in ends)

    def test_gives_the_same_table_in_whatever_order_runs_come(self, subject: Analysis) -> None:
        runs = list(self.runs())
        expected = subject.table(runs)
        for seed in range(5):
            random.Random(seed).shuffle(runs)
            assert subject.table(runs) == expected
        assert subject.findings(subject.table(runs)) == subject.findings(expected)

    def test_gives_the_same_table_again(self, subject: Analysis) -> None:
        again = registry.load("analyses", self.analysis)()
        assert again.table(self.runs()).digest == subject.table(self.runs()).digest

    def test_survives_each_run_alone(self, subject: Analysis) -> None:
        for run in self.runs():
            table = subject.table([run])
            _assert_evidence(table, subject.findings(table))

    def test_leaves_runs_untouched(self, subject: Analysis) -> None:
        runs = self.runs()
        before = copy.deepcopy([_content(run) for run in runs])
        subject.findings(subject.table(runs))
        assert [_content(run) for run in runs] == before

    def test_findings_name_the_table_and_rows_of_it(self, subject: Analysis) -> None:
        table = subject.table(self.runs())
        _assert_evidence(table, subject.findings(table))

    def test_gives_a_table_that_travels_as_json_and_csv(self, subject: Analysis) -> None:
        table = subject.table(self.runs())
        assert Table.from_json(table.name, table.to_json()).rows == table.rows
        assert len(table.to_csv().splitlines()) >= len(table) + 1


def _assert_evidence(table: Table, findings: Sequence[Finding]) -> None:
    for finding in findings:
        assert finding.claim
        assert finding.evidence == table.name, finding.claim
        assert finding.rows, finding.claim
        assert all(0 <= row < len(table) for row in finding.rows), finding.claim
        assert (finding.gain is None) == (finding.gain_unit == ""), finding.claim


def _content(run: Run) -> Any:
    """What an analysis could change of a Run, as plain values."""
    arrays = [run.samples.scheduled_ns, run.samples.completed_ns, run.samples.ok]
    outputs = [array.tolist() for item in run.items for array in item.outputs.values()]
    return (
        run.plan.digest,
        [array.tolist() for array in arrays],
        [(item.item, item.prediction, item.target, item.error) for item in run.items],
        outputs,
        [dict(span.attributes) for span in run.trace],
        dict(run.memory_bytes),
        dict(run.framework_report),
    )


def _item(label: int, answer: int | None) -> ItemResult:
    name, target = f"item-{label}", {"label": label}
    if answer is None:
        return ItemResult(name, None, target, "the file is empty (step decode)")
    p_label = _P_BEST if answer == label else _P_LABEL
    prediction = {"classes": [[answer, f"class {answer}", _P_BEST]], "p_label": p_label}
    return ItemResult(name, prediction, target, outputs={"y": np.eye(10, dtype="f4")[answer] * 4})


def _samples(latencies_ns: Sequence[int]) -> Samples:
    ends = _START_NS + np.cumsum(np.array(latencies_ns, dtype=np.int64), dtype=np.int64)
    starts = ends - np.array(latencies_ns, dtype=np.int64)
    return Samples(starts, starts, ends, np.ones(len(ends), dtype=np.bool_))


def _interference(*, holds: bool) -> Condition:
    measured = "1.0 % of CPU time" if holds else "30.0 % of CPU time"
    return Condition("interference", measured, "≤ 5 %", holds, "" if holds else "stop the others")


def _trace(items: int) -> Trace:
    durations = {"preprocess": 2_000_000, "predict": 1_000_000, "postprocess": 500_000}
    spans: list[Span] = []
    now = _START_NS
    for number, name in enumerate(itertools.islice(itertools.cycle(durations), 3 * items), 1):
        end = now + durations[name]
        attributes = {"n": 1, "cpu_ns": durations[name] // 2}
        spans.append(Span(number, 0, Level.PIPELINE, name, now, end, attributes=attributes))
        now = end
    return Trace(tuple(spans))
