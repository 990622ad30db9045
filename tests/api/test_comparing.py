from __future__ import annotations

from pathlib import Path

import pytest

from dlscope import api
from dlscope.core.errors import PlanError
from dlscope.store import Store
from dlscope.testing.analyses import example_run

FAST = (1_000_000, 1_100_000, 1_200_000, 1_300_000, 1_400_000)
SLOW = tuple(9 * each for each in FAST)


@pytest.fixture
def store(tmp_path: Path) -> str:
    with Store.open(tmp_path) as opened:
        opened.accept(example_run("r-fast"))
        opened.accept(example_run("r-slow", framework="torch", latencies_ns=SLOW))
        opened.accept(example_run("r-bad", framework="openvino", is_disturbed=True))
        opened.accept(example_run("r-none", framework="ncnn", latencies_ns=(), mode="accuracy"))
    return str(tmp_path)


def test_only_the_fields_that_differ_are_told(store: str) -> None:
    table = api.compare_runs(["r-fast", "r-slow"], store=store).table("differing_fields")
    assert {row["field"]: (row["r-fast"], row["r-slow"]) for row in table} == {
        "framework.backend": ("onnxruntime", "torch"),
        "framework.name": ("onnxruntime", "torch"),
    }


def test_all_fields_can_be_asked_for(store: str) -> None:
    some = api.compare_runs(["r-fast", "r-slow"], store=store)
    every = api.compare_runs(["r-fast", "r-slow"], fields="all", store=store)
    fields = every.table("differing_fields").column("field")
    assert set(some.table("differing_fields").column("field")) < set(fields)
    assert "environment.system.cpu.model" in fields
    assert "model.name" in fields
    assert not any("volatile" in str(field) for field in fields)


def test_the_note_counts_what_is_equal(store: str) -> None:
    some = api.compare_runs(["r-fast", "r-slow"], store=store)
    every = api.compare_runs(["r-fast", "r-slow"], fields="all", store=store)
    assert some.sections[0].note == every.sections[0].note
    whole = len(every.table("differing_fields"))
    differing = len(some.table("differing_fields"))
    assert some.sections[0].note == f"{whole - differing} of {whole} fields are equal"


def test_differences_are_told_from_the_baseline_with_their_interval(store: str) -> None:
    report = api.compare_runs(["r-fast", "r-slow"], store=store)
    baseline, slow = report.table("against_baseline")
    assert baseline["verdict"] == "baseline"
    assert slow["verdict"] == "slower"
    assert slow["lo_ns"] <= slow["difference_ns"] <= slow["hi_ns"]
    turned = api.compare_runs(["r-fast", "r-slow"], baseline="r-slow", store=store)
    fast, _ = turned.table("against_baseline")
    assert fast["verdict"] == "faster"
    assert fast["difference_ns"] == -slow["difference_ns"]


def test_what_does_not_count_is_not_ranked(store: str) -> None:
    report = api.compare_runs(["r-fast", "r-bad"], store=store)
    _, bad = report.table("against_baseline")
    assert bad["verdict"] == "invalid, not ranked"


def test_without_latencies_there_are_no_differences(store: str) -> None:
    report = api.compare_runs(["r-none", "r-fast"], store=store)
    assert len(report.table("against_baseline")) == 0
    titles = [section.title for section in report.sections]
    assert titles[:2] == ["What differs", "Side by side"]
    assert "Latency against the baseline" not in titles


@pytest.mark.parametrize(
    ("runs", "more", "message"),
    [
        (
            ["r-fast", "r-fast"],
            {},
            "PlanError: 1 run cannot be compared\n  where  runs\n"
            "  fix    name 2 to 12 different runs",
        ),
        (
            [f"r-{number}" for number in range(13)],
            {},
            "PlanError: 13 runs cannot be compared\n  where  runs\n"
            "  fix    name 2 to 12 different runs",
        ),
        (
            ["r-fast", "r-slow"],
            {"baseline": "r-slwo"},
            "PlanError: the baseline 'r-slwo' is not one of the runs\n  where  baseline\n"
            "  fix    did you mean r-slow?",
        ),
    ],
)
def test_refuses(store: str, runs: list[str], more: dict[str, str], message: str) -> None:
    with pytest.raises(PlanError) as caught:
        api.compare_runs(runs, store=store, **more)  # type: ignore[arg-type]
    assert str(caught.value) == message
