"""Real processes: runs that take turns, die, fail, and disagree."""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlscope.core import registry
from dlscope.core.errors import BackendError, LoadError, MeasurementError, OutOfMemory, PluginError
from dlscope.core.run import Condition
from dlscope.core.trace import Level
from dlscope.methods.profiling.profile import CONTENTION, Profile
from dlscope.methods.profiling.rounds import Iteration, Measured, measure
from dlscope.store.parquet import read_spans
from dlscope.testing.profiles import profiling_run
from dlscope.tracing.merge import with_unique_ids
from dlscope.tracing.tracer import Diagnostic

Order = dict[str, Any]
M_L = (Level.MODEL, Level.LAYER)


def measured(
    order: Order, levels: tuple[Level, ...], iterations: int, folder: Path, **more: Any
) -> Measured:
    asked = {"progress": [].append, "should_stop": lambda: False, **more}
    return measure(order, levels, iterations, folder, **asked)


def descendants() -> list[str]:
    """The commands of the processes that this one began, as far as the system tells."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    pids = children.read_text().split() if children.exists() else []
    return [Path(f"/proc/{pid}/cmdline").read_text() for pid in pids]


def profile(found: Measured, *levels: Level) -> Profile:
    """As on a machine so busy that only CPU time tells."""
    trace = with_unique_ids([read_spans(path) for path in found.spans])
    run = profiling_run([], list(levels))
    busy = Condition(CONTENTION, "all", "half", holds=False)
    return Profile(dataclasses.replace(run, trace=trace, conditions=(busy,)))


def test_runs_of_growing_depth_take_turns_and_change_their_order(
    order: Callable[..., Order], tmp_path: Path
) -> None:
    told: list[float] = []
    found = measured(order("reference"), M_L, 3, tmp_path, progress=told.append)
    assert [each.run for each in found.iterations] == [0, 1, 1, 0, 0, 1]
    assert told == pytest.approx([1 / 3, 2 / 3, 1])
    assert all(each.duration_ns > 0 and each.cpu_ns > 0 for each in found.iterations)
    assert found.report["precision"] == "as declared"
    assert found.diagnostics == ((), ())
    model, layers = (read_spans(path) for path in found.spans)
    assert set(model["level"]) == {Level.MODEL}
    assert set(layers["level"]) == {Level.MODEL, Level.LAYER}
    assert sorted(model["iteration"]) == [0, 1, 2]
    assert set(layers["run"]) == {1}
    # Nothing runs at the same time.
    spans = sorted(
        (span.start_ns, span.end_ns)
        for trace in (model, layers)
        for span in trace
        if span.level == Level.MODEL
    )
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))


def test_who_asks_to_stop_gets_what_was_measured_until_then(
    order: Callable[..., Order], tmp_path: Path
) -> None:
    answers = iter([False, True])
    found = measured(order("reference"), M_L, 5, tmp_path, should_stop=lambda: next(answers))
    assert [each.run for each in found.iterations] == [0, 1]
    assert len(read_spans(found.spans[0])) == 1


def test_a_process_that_is_killed_is_told_with_its_last_words_and_none_is_left(
    order: Callable[..., Order], spinning: str, tmp_path: Path
) -> None:
    # The warm-up is the first prediction, that with the tracers on the second; the fourth is in
    # the second round, which begins with the deeper run.
    with pytest.raises(BackendError) as caught:
        measured(order(spinning, dies_at=4), M_L, 3, tmp_path)
    assert str(caught.value) == (
        "BackendError: the profiled process ended with code -9: last words 2; last words 3; "
        "last words 4\n"
        "  where  levels MODEL, LAYER\n"
        "  fix    try fewer levels, or a smaller batch"
    )
    assert not any("profiling.child" in command for command in descendants())


@pytest.mark.parametrize(
    ("ends_with", "kind", "told"),
    [
        ("LoadError", LoadError, ("the graph is cut off", "y", "export it")),
        ("OutOfMemory", OutOfMemory, ("out of memory: no room", "here", "less")),
    ],
)
def test_a_stated_error_of_a_process_arrives_as_it_is(
    order: Callable[..., Order],
    spinning: str,
    tmp_path: Path,
    ends_with: str,
    kind: type[BackendError],
    told: tuple[str, str, str],
) -> None:
    with pytest.raises(kind) as caught:
        measured(order(spinning, ends_with=ends_with, dies_at=3), M_L[:1], 3, tmp_path)
    assert type(caught.value) is kind
    assert (caught.value.what, caught.value.where, caught.value.fix) == told


def test_a_backend_that_is_not_there_is_told(order: Callable[..., Order], tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="there is no plugin 'nothing' among the backends"):
        measured(order("nothing"), M_L[:1], 1, tmp_path)


def test_an_error_that_nobody_stated_is_in_the_log(
    order: Callable[..., Order], tmp_path: Path
) -> None:
    broken = {**order("reference"), "feeds": str(tmp_path / "none.npz")}
    with pytest.raises(BackendError, match=r"ended with code 1: .*FileNotFoundError"):
        measured(broken, M_L[:1], 1, tmp_path)


def test_a_framework_that_says_otherwise_of_itself_when_traced_is_refused(
    order: Callable[..., Order], spinning: str, tmp_path: Path
) -> None:
    with pytest.raises(MeasurementError) as caught:
        measured(order(spinning, differs=True), M_L, 1, tmp_path)
    assert str(caught.value) == (
        "MeasurementError: with level LAYER the framework reports another fused, threads\n"
        "  where  leveled experiment\n"
        "  fix    runs that differ in more than what is recorded cannot be compared; "
        "leave the level out"
    )


def test_a_tracer_that_fails_is_told_and_the_run_goes_on(
    order: Callable[..., Order], spinning: str, tmp_path: Path
) -> None:
    found = measured(order(spinning, fails_to="drain", layer_ns=0), M_L, 2, tmp_path)
    failure = "spinning failed to drain: the profiler is broken"
    assert found.diagnostics == ((), (Diagnostic("tracer_failed", failure),))
    assert len(found.iterations) == 4
    assert set(read_spans(found.spans[1])["level"]) == {Level.MODEL}


def test_waiting_for_a_core_is_contention() -> None:
    assert not Iteration(0, 1000, 900, 50).is_contended
    assert Iteration(0, 1000, 900, 51).is_contended


def test_what_a_tracer_burns_is_what_the_report_says_it_costs(
    order: Callable[..., Order], spinning: str, tmp_path: Path
) -> None:
    layers, layer_ns, tracer_ns = 5, 200_000, 300_000
    asked = order(spinning, layers=layers, layer_ns=layer_ns, tracer_ns=tracer_ns)
    found = profile(measured(asked, M_L, 10, tmp_path), *M_L)
    base, deeper = registry.load("analyses", "a16")().of_profiles([found])
    assert (deeper["verdict"], deeper["clock"]) == ("measured", "cpu")
    assert deeper["added_us"] == pytest.approx(layers * tracer_ns / 1e3, rel=0.1)
    assert deeper["spans"] == layers
    # The run that sees the model alone knows nothing of the tracer.
    assert found.model is not None
    alone = np.sort(found.model.cpu_ns[0])
    assert np.median(alone) == pytest.approx(layers * layer_ns, rel=0.1)
    assert base["model_latency_us"] >= layers * layer_ns / 1e3
