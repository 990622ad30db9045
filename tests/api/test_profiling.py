"""`profile` called as a notebook would, on models that take no time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dlscope import api
from dlscope.core.errors import DlscopeError, PlanError, Unsatisfiable
from dlscope.core.report import Report
from dlscope.core.run import Run
from dlscope.testing.small_experiment import SmallExperiment, write_experiment


class Heard(api.Watcher):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.counts = (0, 0)
        self.known: list[bool] = []

    def planned(self, plans, refused: int) -> None:
        self.counts = (len(plans), refused)

    def finished(self, plan, run: Run, is_known: bool) -> None:
        assert run.plan == plan
        self.known.append(is_known)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> SmallExperiment:
    return write_experiment(tmp_path_factory.mktemp("experiment"), pictures=1)


@pytest.fixture
def profile(files: SmallExperiment, tmp_path: Path) -> Callable[..., Report]:
    """`profile` of the classifier of colours, with a store of its own."""

    def ask(**changes) -> Report:
        asked = {"dataset": str(files.dataset), "iterations": 1, "store": str(tmp_path), **changes}
        return api.profile(str(files.model), **asked)

    return ask


def test_a_model_is_profiled_down_to_what_can_be_seen(profile) -> None:
    watcher = Heard()
    report = profile(backend="reference", watcher=watcher)
    assert report.title == "colors on reference, by level"
    assert report.table("a2").column("type") == ("GlobalAveragePool", "Flatten", "MatMul")
    assert report.table("missing").column("level") == ("LIBRARY", "KERNEL")
    assert (watcher.counts, watcher.known) == ((1, 0), [False])
    again = Heard()
    assert profile(backend="reference", watcher=again).runs == report.runs
    assert again.known == [True]


@pytest.mark.slow
def test_batches_and_threads_are_a_sweep(profile) -> None:
    watcher = Heard()
    asked = {"backend": ["mock", "reference"], "levels": "M,L", "best_effort": True}
    report = profile(**asked, batch_size=[1, 2], threads=[1, 2], watcher=watcher)
    assert watcher.counts == (8, 0)
    rows = {(row["backend"], row["threads"], row["batch_size"]) for row in report.table("a1")}
    assert len(rows) == 8


def test_a_level_that_cannot_be_seen_is_refused_with_the_reason(profile) -> None:
    with pytest.raises(Unsatisfiable) as caught:
        profile(backend="reference", levels="M,L,B", threads=[1, 2])
    (problem,) = caught.value.problems
    assert problem.what == (
        "level LIBRARY cannot be seen here: the reference evaluator computes in NumPy, which tells "
        "nothing of itself"
    )
    assert problem.where == "colors on reference"


@pytest.mark.slow
def test_a_backend_that_is_refused_does_not_keep_others_from_being_profiled(profile) -> None:
    watcher = Heard()
    asked = {"backend": ["mock", "reference"], "levels": "M,L", "watcher": watcher}
    report = profile(**asked)
    assert report.table("a2").column("backend") == ("reference",) * 3
    assert report.table("refused").column("backend") == ("mock",)
    assert watcher.counts == (1, 1)


def test_all_reasons_are_told_where_nothing_can_be_profiled(profile) -> None:
    with pytest.raises(Unsatisfiable) as caught:
        profile(backend=["reference==0.1", "mock"], levels="M,L")
    first, second = (problem.what for problem in caught.value.problems)
    assert first.endswith("does not satisfy ==0.1 (as asked)")
    assert second == "level LAYER cannot be seen here: mock does not show it"


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"levels": "L,B"}, "'L,B' does not begin with the model"),
        ({"iterations": 0}, "0 iterations measure nothing"),
        ({"options": {"treads": 2}}, "backend 'mock': unknown option 'treads'"),
    ],
)
def test_what_makes_no_sense_is_refused(profile, changes, what: str) -> None:
    with pytest.raises(DlscopeError) as caught:
        profile(backend="mock", **changes)
    assert isinstance(caught.value.problems[0], PlanError)
    assert caught.value.problems[0].what == what
