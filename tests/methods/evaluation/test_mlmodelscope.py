from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlscope.core.errors import DlscopeError, ManifestError
from dlscope.methods.evaluation.analyses.agreement import Agreement
from dlscope.methods.evaluation.mlmodelscope import Imported, import_results
from dlscope.methods.evaluation.report import evaluation_report


def feature(index: int, label: str, probability: float) -> dict[str, Any]:
    return {"probability": probability, "classification": {"index": index, "label": label}}


def span(name: str, start_us: int, duration_us: int) -> dict[str, Any]:
    return {"operationName": name, "startTime": start_us, "duration": duration_us}


EVALUATION: dict[str, Any] = {
    "_id": {"$oid": "e1"},
    "created_at": {"$date": "2018-06-01T10:00:00Z"},
    "framework": {"name": "TensorFlow", "version": "1.8.0"},
    "model": {"name": "VGG16", "version": "1.0"},
    "dataset_name": "ilsvrc2012_validation",
    "machine_architecture": "amd64",
    "hostname": "lab1",
    "using_gpu": True,
    "gpu_information": {"product_name": "Tesla V100"},
    "batch_size": 1,
    "model_accuracy_id": {"$oid": "a1"},
    "performance_id": {"$oid": "p1"},
    "input_prediction_ids": [{"$oid": "i1"}, {"$oid": "i2"}],
}
PARTS: list[dict[str, Any]] = [
    {"_id": {"$oid": "a1"}, "top_1": 0.5, "top_5": 1.0},
    {
        "_id": {"$oid": "p1"},
        "trace": {
            "data": [
                {
                    "spans": [
                        span("c_predict", 1100, 30),
                        span("preprocess", 900, 5),
                        span("c_predict", 1000, 20),
                    ]
                }
            ]
        },
    },
    {
        "_id": {"$oid": "i1"},
        "input_id": "a.jpg",
        "expected_label": "cat",
        "features": [feature(4, "dog", 0.05), feature(3, "cat", 0.9)],
    },
    {
        "_id": {"$oid": "i2"},
        "input_id": "b.jpg",
        "expected_label": "dog",
        "features": [feature(3, "cat", 0.6), feature(4, "dog", 0.3)],
    },
]


@pytest.fixture
def imported(tmp_path: Path) -> Callable[..., Imported]:
    """The import of these documents, by default of one whole evaluation."""

    def run(*documents: dict[str, Any]) -> Imported:
        path = tmp_path / "all.json"
        path.write_text(json.dumps(documents or [EVALUATION, *PARTS]))
        return import_results([path])

    return run


def test_an_evaluation_is_a_run(imported) -> None:
    (run,) = imported().runs
    assert run.plan.model.identity == "vgg16@1.0.0"
    assert (run.plan.framework.name, run.plan.framework.version) == ("tensorflow", "1.8.0")
    assert run.plan.dataset.name == "ilsvrc2012_validation"
    assert run.started_utc == "2018-06-01T10:00:00Z"
    assert run.environment.system["name"] == "lab1"
    assert run.environment.system["accelerators"] == [{"vendor": "nvidia", "name": "Tesla V100"}]
    assert run.is_valid


def test_predictions_of_the_trace_are_its_queries(imported) -> None:
    (run,) = imported().runs
    assert run.samples.latency_ns.tolist() == [20_000, 30_000]
    assert run.samples.issued_ns.tolist() == [1_000_000, 1_100_000]


def test_accuracy_is_counted_where_the_items_are_known(imported) -> None:
    (run,) = imported().runs
    metric = run.metric("top_1")
    assert (metric.value, metric.count, metric.n) == (0.5, 1, 2)
    assert 0 < metric.lo < 0.5 < metric.hi < 1


def test_accuracy_in_percent_is_a_share(imported) -> None:
    evaluation = {**EVALUATION, "input_prediction_ids": []}
    (run,) = imported(evaluation, {"_id": "a1", "top_1": 71.2, "top_5": 90}).runs
    assert run.metric("top_1").value == pytest.approx(0.712)
    assert (run.metric("top_5").value, run.metric("top_5").lo) == (0.9, None)


def test_items_are_labelled_where_a_class_has_the_expected_name(imported) -> None:
    (run,) = imported().runs
    assert [item.item for item in run.items] == ["a.jpg", "b.jpg"]
    assert [item.target for item in run.items] == [{"label": 3}, {"label": 4}]
    assert run.items[0].prediction["classes"] == [[3, "cat", 0.9], [4, "dog", 0.05]]


def test_an_item_without_classes_has_failed(imported) -> None:
    answer = {"_id": "i1", "input_id": "a.jpg", "features": []}
    (run,) = imported(EVALUATION, answer).runs
    assert (run.items[0].prediction, run.items[0].error) == (None, "no classes were stored")


@pytest.mark.parametrize("shape", ["classification", "nested"])
def test_classes_are_found_in_either_form(imported, shape: str) -> None:
    inner = {"index": 7, "label": "x"}
    kept = {"classification": inner} if shape != "nested" else {"Feature": {"Classes": inner}}
    answer = {"_id": "i1", "input_id": "a.jpg", "features": [{"probability": 0.4, **kept}]}
    (run,) = imported(EVALUATION, answer).runs
    assert run.items[0].prediction["classes"] == [[7, "x", 0.4]]


def test_an_evaluation_alone_is_a_run_without_figures(imported) -> None:
    (run,) = imported(EVALUATION).runs
    assert (len(run.samples), run.items, run.metrics) == (0, (), ())


def test_the_same_export_gives_the_same_runs(imported) -> None:
    assert [run.id for run in imported().runs] == [run.id for run in imported().runs]
    other = {**EVALUATION, "_id": "e2"}
    assert len({run.id for run in imported(EVALUATION, other).runs}) == 2


def test_what_no_evaluation_names_is_told(imported, tmp_path: Path) -> None:
    found = imported(EVALUATION, *PARTS, {"_id": "a9", "top_1": 0.1})
    assert found.notes == (
        f"{tmp_path / 'all.json'}, document 6: no evaluation names this model_accuracy",
    )


def test_refuses_an_evaluation_of_nothing(imported, tmp_path: Path) -> None:
    with pytest.raises(DlscopeError) as caught:
        imported({**EVALUATION, "model": {}})
    assert caught.value.describe() == (
        "ManifestError: the evaluation names no model\n"
        f"  where  {tmp_path / 'all.json'}, document 1\n"
        "  fix    export it with its model"
    )


def test_refuses_an_export_without_evaluations(imported) -> None:
    with pytest.raises(DlscopeError) as caught:
        imported(*PARTS)
    assert caught.value.what == "there is no evaluation in these files"


def test_imported_runs_are_analysed_like_any_other(imported) -> None:
    """The analysis across frameworks, on results that were never measured here."""
    other = {
        **EVALUATION,
        "_id": "e2",
        "framework": {"name": "MXNet", "version": "1.1"},
        "input_prediction_ids": ["j1", "j2"],
        "model_accuracy_id": "a2",
    }
    theirs = [
        {"_id": "a2", "top_1": 0.0, "top_5": 1.0},
        {**PARTS[2], "_id": "j1", "features": [feature(4, "dog", 0.9), feature(3, "cat", 0.1)]},
        {**PARTS[3], "_id": "j2"},
    ]
    runs = imported(EVALUATION, *PARTS, other, *theirs).runs
    (row,) = Agreement().table(runs)
    assert (row["n"], row["top_1_agreement"]) == (2, 0.5)
    report = evaluation_report(runs)
    assert {row["backend"] for row in report.table("models")} == {"mxnet", "tensorflow"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"batch_size": [1]}, "TypeError: int() argument must be a string"),
        ({"batch_size": -4}, "ValidationError: 1 validation error for ScenarioManifest"),
        ({"input_prediction_ids": 5}, "TypeError: "),
        ({"model": {"name": "x", "version": "é"}}, "ValidationError: 1 validation error for Mod"),
    ],
)
def test_a_damaged_evaluation_is_refused_with_its_place(imported, change, why: str) -> None:
    with pytest.raises(ManifestError) as refusal:
        imported({**EVALUATION, **change}, *PARTS)
    assert refusal.value.what.startswith(f"the evaluation, or what it names, is damaged ({why}")
    assert refusal.value.where.endswith("all.json, document 1")
    assert refusal.value.fix == "export it again with mongoexport"


def test_a_number_that_is_none_is_refused(imported) -> None:
    with pytest.raises(ManifestError, match="the document has a number that is none"):
        imported({**EVALUATION, "batch_size": {"$numberInt": "many"}}, *PARTS)
