from __future__ import annotations

import pytest

from dlscope.core.errors import BoundError, PlanError, PluginError
from dlscope.methods.bounds.request import (
    BoundRequest,
    against_of,
    baseline_of,
    cores_of,
    device_of,
    dtypes_of,
    implementations_of,
    selected_of,
    strategy_of,
)
from dlscope.methods.bounds.setups import Setup


def test_a_baseline_is_the_backend_with_what_is_not_as_it_comes() -> None:
    options = {"graph_optimization": "all", "inter_op_threads": 2}
    assert baseline_of("onnxruntime", options) == Setup("onnxruntime", {"inter_op_threads": 2})


def test_on_a_gpu_the_backend_is_told_so() -> None:
    assert baseline_of("torch", {}, "gpu") == Setup("torch", {"device": "gpu"})


@pytest.mark.parametrize(
    ("backend", "options", "error"),
    [
        ("unheard_of", {}, PluginError),
        ("onnxruntime", {"graph_optimisation": "all"}, PlanError),
        ("onnxruntime", {"inter_op_threads": 0}, PlanError),
    ],
)
def test_what_there_is_not_is_refused(backend: str, options: dict, error: type) -> None:
    with pytest.raises(error):
        baseline_of(backend, options)


def test_a_device_is_named_as_everywhere() -> None:
    assert [device_of(word) for word in ("cpu", "gpu")] == ["cpu", "gpu"]


@pytest.mark.parametrize(
    ("ask", "word", "message", "where"),
    [
        (device_of, "tpu", "'tpu' is none of cpu, gpu", "--device"),
        (
            *(selected_of, "worst", "'worst' is none of best, heuristic, used"),
            "--select-algorithm",
        ),
        (strategy_of, "none", "'none' is none of sequential, parallel, both", "--strategy"),
        (
            *(lambda word: dtypes_of(["float32", word]), "fp8"),
            "'fp8' is none of float32, bfloat16, float16, float64, int8",
            "--dtype",
        ),
        (
            *(lambda word: against_of([word]), "jax"),
            "'jax' is none of onnxruntime, openvino, torch",
            "--against",
        ),
    ],
)
def test_another_word_is_refused(ask, word: str, message: str, where: str) -> None:
    with pytest.raises(BoundError) as refused:
        ask(word)
    assert (refused.value.what, refused.value.where) == (message, where)


def test_there_are_no_more_cores_than_there_are() -> None:
    there = cores_of(None)
    assert cores_of(there) == there
    with pytest.raises(BoundError) as refused:
        cores_of(there + 1)
    assert refused.value.what == (
        f"{there + 1} cores are more than the {there} that may be used here"
    )
    assert (refused.value.where, refused.value.fix) == ("--cores", f"give at most {there}")


def test_threads_are_no_more_than_cores_either() -> None:
    with pytest.raises(BoundError) as refused:
        cores_of(cores_of(None) + 1, "--threads")
    assert refused.value.where == "--threads"


def test_what_is_asked_for_by_name_is_there() -> None:
    assert implementations_of(["ort"]) == ("ort",)
    assert against_of(["onnxruntime"]) == ("onnxruntime",)
    with pytest.raises(PluginError) as refused:
        implementations_of(["ort", "ortt"])
    assert (refused.value.what, refused.value.fix) == (
        "there is no implementation 'ortt'",
        "did you mean ort?",
    )


def test_types_are_those_of_the_model_and_those_asked_for() -> None:
    options = BoundRequest(implementations=("ort",)).options(("float64",), 4)
    assert options.dtypes == ("float64", "float32", "bfloat16")
    assert (options.implementations, options.batch) == (("ort",), 4)


def test_changes_of_layout_are_measured_by_few() -> None:
    assert "ort" in BoundRequest().reorder_options(1).implementations
    assert "openvino" not in BoundRequest().reorder_options(1).implementations


def test_the_protocol_of_layers_and_of_changes_of_layout_is_one() -> None:
    request = BoundRequest()
    assert request.options((), 1).protocol == request.reorder_options(1).protocol


def test_a_model_is_set_against_the_backends_asked_for() -> None:
    assert BoundRequest(against=("onnxruntime",)).backends == ("onnxruntime",)
    assert BoundRequest(Setup("reference"), against=("onnxruntime",)).backends == (
        *("reference", "onnxruntime"),
    )
    assert BoundRequest(against=("unheard_of",)).backends == ("onnxruntime",)


def test_the_code_of_the_baseline_is_measured_on_all_cores_too() -> None:
    request = BoundRequest(cores=4)
    options = request.threaded(request.options((), 1))
    assert options is not None
    assert (options.threads, options.dtypes) == (4, ("float32",))
    assert options.implementations == ("ort", "ort_blocked")
    assert options.protocol == request.options((), 1).protocol
    reordering = request.threaded(request.reorder_options(1))
    assert reordering is not None
    assert reordering.implementations == ("ort",)


@pytest.mark.parametrize(
    "request_",
    [
        BoundRequest(cores=1),
        BoundRequest(cores=2, threads=2),
        BoundRequest(Setup("reference"), cores=2),
        BoundRequest(device="gpu", implementations=("ort",), cores=2),
    ],
)
def test_where_more_cores_are_no_question_nothing_is_measured_on_them(request_) -> None:
    assert request_.threaded(request_.options((), 1)) is None
