from __future__ import annotations

from pathlib import Path

import pytest
from measured_models import costs_of, forked, whole_result

from dlscope.methods.bounds.analysis import model_bounds
from dlscope.methods.bounds.composing import compose
from dlscope.methods.bounds.layer_calls import called, layer_calls, mode_of
from dlscope.methods.bounds.setups import Setup

DISABLED = Setup("onnxruntime", {"graph_optimization": "disabled"})


@pytest.fixture
def model(tmp_path: Path):
    return forked(tmp_path)


def test_what_is_left_is_shared_by_the_layers_that_compute(model) -> None:
    bounds = model_bounds(model, costs_of(model))
    # 347 composed of 5 layers; a view is not called.
    results = [whole_result(model, Setup("torch"), [397_000])]
    assert layer_calls(bounds, results) == {"torch": 10_000.0}


def test_several_setups_of_a_backend_are_one_mean(model) -> None:
    bounds = model_bounds(model, costs_of(model))
    # 435 of 5 layers; 392 of 4, and 4 changes of layout.
    results = [
        whole_result(model, DISABLED, [445_000]),
        whole_result(model, Setup("onnxruntime"), [392_000 + 8 * 4_000]),
    ]
    assert layer_calls(bounds, results) == {"onnxruntime": 3_000.0}


def test_a_model_that_is_faster_than_its_benchmarks_has_free_calls(model) -> None:
    bounds = model_bounds(model, costs_of(model))
    assert layer_calls(bounds, [whole_result(model, Setup("torch"), [1])]) == {"torch": 0.0}


def test_what_failed_or_cannot_be_composed_tells_nothing(model) -> None:
    bounds = model_bounds(model, costs_of(model))
    results = [
        whole_result(model, Setup("torch"), [], failed="no"),
        whole_result(model, Setup("tensorflow"), [500_000]),
    ]
    assert layer_calls(bounds, results) == {}


def test_changes_of_layout_are_called_too(model) -> None:
    bounds = model_bounds(model, costs_of(model))
    assert called(compose(bounds, Setup("onnxruntime"))) == 4 + 4


def test_what_takes_agreement_is_a_mode_of_its_own() -> None:
    setups = [Setup("torch"), Setup("onnxruntime", {"inter_op_threads": 2})]
    setups.append(Setup("torch", {"threads": 2}))
    assert list(map(mode_of, setups)) == [
        *("torch", "onnxruntime, several at once", "torch, several threads"),
    ]
