"""`bound` and its parts called as a notebook would, on a small model."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from dlscope import api
from dlscope.core.errors import BoundError, PlanError, StoreError
from dlscope.core.report import Report
from dlscope.graph.builder import GraphBuilder
from dlscope.stacks import fingerprint

QUICK = {
    "implementations": ["ort"],
    "against": ["onnxruntime"],
    "dtypes": ["float32"],
    "layouts": False,
    "seconds": 0.01,
}
# One of each family; the light ones need no training.
ZOO = (
    *("squeezenet1_1", "mobilenet_v2", "mnasnet", "shufflenet_v2", "ghostnet", "resnet18"),
    *("bert_tiny", "light_shufflenet"),
)


@pytest.fixture
def model(tmp_path: Path) -> str:
    graph = GraphBuilder("small")
    x = graph.input("x", "float32", (1, 4, 8, 8))
    weight = graph.constant("w", np.full((4, 4, 3, 3), 0.1, np.float32))
    graph.output(
        graph.node("Relu", [graph.node("Conv", [x, weight], pads=[1] * 4)], output="y"),
        "float32",
        (1, 4, 8, 8),
    )
    path = tmp_path / "small.onnx"
    onnx.save(graph.finish(), path)
    return str(path)


@pytest.fixture
def bound(model: str, tmp_path: Path) -> Callable[..., Report]:
    return lambda **asked: api.bound(model, **{"store": str(tmp_path / "store"), **QUICK, **asked})


def test_without_measuring_an_empty_store_has_no_bounds(bound) -> None:
    with pytest.raises(BoundError, match="2 layers have no measurement: Conv_0"):
        bound(measure=False)


def test_a_partial_answer_tells_what_is_missing(bound) -> None:
    report = bound(measure=False, partial=True)
    assert report.table("missing").column("type") == ("Conv", "Relu")
    assert len(report.table("bounds")) == 0


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"strategy": "none"}, BoundError),
        ({"select_algorithm": "worst"}, BoundError),
        ({"device": "tpu"}, BoundError),
        ({"options": {"graph_optimization": "most"}}, PlanError),
    ],
)
def test_bad_requests_are_refused_before_anything_is_measured(bound, asked, error) -> None:
    with pytest.raises(error):
        bound(**asked)


@pytest.mark.slow
def test_one_call_is_enough_and_the_next_one_measures_nothing(bound, tmp_path: Path) -> None:
    told: list[str] = []
    first = bound(told=lambda step, _: told.append(step), verify=True, drawn=True)
    assert "whole models: small" in told
    (row, *_) = first.table("bounds")
    assert row["measured_ns"] > 0
    assert row["fused_ns"] <= row["sequential_ns"]
    assert set(first.attachments) == {"small.dot", "small.svg"}
    again = bound(verify=True, drawn=True, measure=False)
    assert again.to_json() == first.to_json()


def test_a_suite_is_measured_without_the_model(model: str, tmp_path: Path) -> None:
    suite = api.generate_bounds(model, layouts=False)
    suite.save(tmp_path / "bounds.json")
    asked = {"implementations": ["ort"], "dtypes": ["float32"], "seconds": 0.01}
    where = str(tmp_path / "store")
    first = api.run_bounds(tmp_path / "bounds.json", store=where, **asked)
    # A plain way of each layer, and two of the group.
    assert first.answer == "3 benchmarks, 4 results, 4 of them new."
    assert api.run_bounds(suite, store=where, **asked).answer == (
        "3 benchmarks, 4 results, 0 of them new."
    )


def test_results_measured_without_the_model_come_home(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away, home, file = str(tmp_path / "away"), str(tmp_path / "home"), tmp_path / "results.jsonl"
    api.generate_bounds(model, layouts=False).save(tmp_path / "bounds.json")
    here = fingerprint.environment()
    there = replace(here, system={**here.system, "name": "rack"})
    with monkeypatch.context() as moved:
        moved.setattr(fingerprint, "environment", lambda: there)
        asked = {"implementations": ["ort"], "dtypes": ["float32"], "seconds": 0.01}
        ran = api.run_bounds(tmp_path / "bounds.json", store=away, **asked)
        assert [command for command, _ in ran.next_commands] == [
            f"dlscope bound export results.jsonl --store {away}",
            "dlscope bound import results.jsonl",
            f"dlscope bound analyze small --stored --environment {there.fingerprint[:12]} "
            "--seconds 0.01 --no-layouts",
        ]
        assert [api.export_benchmarks(file, store=away) for _ in range(2)] == [4, 0]
    read = api.import_benchmarks(file, store=home)
    assert read.answer == "4 results of results.jsonl are new, 0 were known."
    digits = there.fingerprint[:12]
    assert read.next_commands[0][0] == (
        f"dlscope bound analyze MODEL --stored --environment {digits} --store {home}"
    )
    with pytest.raises(BoundError, match="2 layers have no measurement"):
        api.bound(model, store=home, measure=False, **QUICK)
    report = api.bound(model, store=home, measure=False, environment=digits, **QUICK)
    assert report.warnings[0] == (
        f"these are bounds of the environment {digits}, where the layers were measured"
    )
    (row,) = report.table("bounds")
    assert row["sequential_ns"] >= row["fused_ns"] > 0
    assert (row["measured_ns"], row["roofline_ns"]) == (None, None)


def test_another_machine_is_asked_of_its_stored_results_only(bound) -> None:
    with pytest.raises(BoundError) as refused:
        bound(environment="abc")
    assert refused.value.describe() == (
        "BoundError: another machine cannot be measured from here\n"
        "  where  --environment\n"
        "  fix    add --stored, or leave --environment out"
    )


def test_an_export_has_the_ending_that_is_read_as_one(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as refused:
        api.export_benchmarks(tmp_path / "all.json", store=str(tmp_path / "store"))
    assert refused.value.describe() == (
        "StoreError: an export of benchmarks ends in .jsonl\n"
        f"  where  {tmp_path / 'all.json'}\n"
        "  fix    name it all.jsonl"
    )


def test_results_of_google_benchmark_are_read(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    file.write_text("{}")
    with pytest.raises(StoreError):
        api.import_benchmarks(file, store=str(tmp_path / "store"))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ZOO)
def test_optimised_onnx_runtime_is_not_faster_than_the_fused_bound(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    report = api.bound(
        name,
        implementations=["ort", "ort_blocked", "openvino"],
        against=["onnxruntime"],
        dtypes=["float32"],
        layouts=False,
        seconds=0.1,
        store=str(tmp_path_factory.getbasetemp() / "zoo-store"),
    )
    rows = {row["backend"]: row for row in report.table("bounds")}
    optimised = rows["onnxruntime"]
    assert optimised["measured_over_fused"] >= 0.95
    assert optimised["roofline_ns"] <= 1.05 * optimised["sequential_ns"]
    assert json.dumps(report.to_json())
