from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from dlscope import api
from dlscope.core.errors import PlanError
from dlscope.store import Store
from dlscope.testing.analyses import example_run, example_runs


@pytest.fixture
def store(tmp_path: Path) -> str:
    with Store.open(tmp_path) as opened:
        for run in example_runs():
            opened.accept(run)
    return str(tmp_path)


def test_tells_of_every_run_with_verdict_and_interval(store: str) -> None:
    rows = {row["run"]: row for row in api.browse(store=store).report.table("runs")}
    assert len(rows) == len(example_runs())
    assert rows["r-fast"]["verdict"] == "valid"
    assert rows["r-disturbed"]["verdict"] == "invalid"
    assert rows["r-failed"]["verdict"] == "failed"
    assert rows["r-failed"]["error"] == "the graph is cut off"
    assert rows["r-aborted"]["verdict"] == "aborted"
    assert rows["r-fast"]["p50_lo_ns"] <= rows["r-fast"]["p50_ns"] <= rows["r-fast"]["p50_hi_ns"]
    assert rows["r-failed"]["p50_ns"] is None


def test_filters_sorts_and_pages(store: str) -> None:
    found = api.browse(model="tiny", sort=["-p50"], rows=2, store=store)
    assert found.report.table("runs").column("run") == ("r-slow", "r-elsewhere")
    assert (found.total, found.page, found.pages, found.rows) == (6, 1, 3, 2)
    last = api.browse(model="tiny", sort=["-p50"], rows=2, page=3, store=store)
    assert len(last.report.table("runs")) == 2


@pytest.mark.parametrize(
    ("status", "runs"),
    [
        ("failed", {"r-failed"}),
        ("invalid", {"r-disturbed"}),
        ("aborted", {"r-aborted"}),
    ],
)
def test_a_status_chooses(store: str, status: str, runs: set[str]) -> None:
    assert set(api.browse(status=status, store=store).report.runs) == runs


def test_what_failed_and_what_does_not_count_needs_a_look(store: str) -> None:
    claims = {each.evidence: each.claim for each in api.browse(store=store).report.findings}
    assert claims == {
        "r-disturbed": "tiny on openvino is invalid: interference",
        "r-failed": "other on onnxruntime is failed: the graph is cut off",
        "r-aborted": "other on onnxruntime is aborted: stopped before it ended",
    }


def test_the_figure_holds_the_newest_run_of_each_model_and_backend(store: str) -> None:
    table = api.browse(store=store).report.table("trade_off")
    places = list(zip(table.column("model"), table.column("backend"), strict=True))
    assert len(places) == len(set(places))
    assert ("tiny", "openvino") not in places  # its run does not count


def test_an_empty_store_says_what_to_do(tmp_path: Path) -> None:
    found = api.browse(store=str(tmp_path))
    assert found.report.answer == "No runs yet: try `dlscope demo`."
    assert (found.total, found.pages) == (0, 1)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"sort": ["p5"]},
            "PlanError: runs cannot be sorted by 'p5'\n  where  sort\n  fix    did you mean p50?",
        ),
        (
            {"status": "vaild"},
            "PlanError: 'vaild' is no status\n  where  status\n  fix    did you mean valid?",
        ),
        (
            {"page": 2},
            "PlanError: there is no page 2\n  where  page\n  fix    the last page is 1",
        ),
        (
            {"rows": 0},
            "PlanError: rows cannot be 0\n  where  rows\n  fix    give a number from 1 to 1000",
        ),
    ],
)
def test_refuses(store: str, asked: dict[str, object], message: str) -> None:
    with pytest.raises(PlanError) as caught:
        api.browse(store=store, **asked)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_the_verdict_of_a_run_and_of_its_summary_are_one() -> None:
    valid = example_run("r-1")
    assert api.verdict_of(valid) == "valid"
    broken = dataclasses.replace(valid.conditions[0], holds=False)
    assert api.verdict_of(dataclasses.replace(valid, conditions=(broken,))) == "invalid"
    assert api.verdict_of(example_run("r-2", status="failed")) == "failed"
