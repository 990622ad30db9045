from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlscope.core.errors import DataError
from dlscope.core.manifest import InputSpec, OutputSpec
from dlscope.pipelines.base import Value
from dlscope.pipelines.collate import collate, split


def declared(layout: str, *shape: Any) -> InputSpec:
    return InputSpec(
        name="a", tensor="x", type="tensor", element_type="float32", layout=layout, shape=shape
    )


def answer(layout: str, *shape: Any) -> OutputSpec:
    return OutputSpec(
        name="y", tensor="t", type="raw", element_type="float32", layout=layout, shape=shape
    )


def batch(spec: InputSpec, *arrays: Any) -> Any:
    return collate([spec], [{"a": Value(np.asarray(array))} for array in arrays])["x"]


def test_stacks_along_the_batch_axis_wherever_it_is() -> None:
    first = batch(declared("NK", "N", 2), [1, 2], [3, 4])
    assert first.tolist() == [[1, 2], [3, 4]]
    middle = batch(declared("LND", 2, "N", 3), np.zeros((2, 3)), np.ones((2, 3)))
    assert middle.shape == (2, 2, 3)
    assert middle[:, 1].all()


def test_fills_tokens_with_zero_up_to_the_longest() -> None:
    filled = batch(declared("NT", "N", None), [1], [2, 3, 4], [5, 6])
    assert filled.tolist() == [[1, 0, 0], [2, 3, 4], [5, 6, 0]]


def test_fills_tokens_up_to_a_fixed_size() -> None:
    assert batch(declared("NT", "N", 4), [1, 2]).tolist() == [[1, 2, 0, 0]]


def test_passes_an_input_without_batch_once() -> None:
    rate, sound = declared(""), declared("NS", "N", 2).model_copy(update={"tensor": "s"})
    item = {"a": Value(np.asarray(16000))}
    spoken = sound.model_copy(update={"name": "b"})
    feeds = collate([rate, spoken], [{**item, "b": Value(np.zeros(2))}] * 2)
    assert (feeds["x"].shape, feeds["s"].shape) == ((), (2, 2))


REFUSED = [
    (
        declared(""),
        (16000, 16000),
        "no input has a batch axis, so that 2 items are no batch",
        "use batch size 1, or give the graph a batch axis",
    ),
    (
        declared(""),
        (1, 2),
        "input 'a' has no batch axis, but the items differ",
        "use batch size 1, or give the graph a batch axis",
    ),
    (
        declared("NS", "N", None),
        ([1], [1, 2]),
        "the items of a batch have 2 shapes: [1], [2]",
        "use batch size 1, or steps that give one size",
    ),
]


@pytest.mark.parametrize(("spec", "arrays", "what", "fix"), REFUSED)
def test_refuses_items_that_do_not_fit(spec: InputSpec, arrays: Any, what: str, fix: str) -> None:
    with pytest.raises(DataError) as caught:
        batch(spec, *arrays)
    assert str(caught.value) == f"DataError: {what}\n  where  input 'a'\n  fix    {fix}"


def test_splitting_undoes_stacking() -> None:
    array = np.arange(12).reshape(2, 3, 2)
    parts = split([answer("LND", 2, "N", 2)], {"t": array, "unused": array}, 3)
    assert [part["t"].tolist() for part in parts] == [array[:, i].tolist() for i in range(3)]
    assert [set(part) for part in parts] == [{"t"}] * 3


def test_an_output_without_batch_belongs_to_every_item() -> None:
    parts = split([answer("K", 2)], {"t": np.array([1, 2])}, 2)
    assert [part["t"].tolist() for part in parts] == [[1, 2], [1, 2]]


@pytest.mark.parametrize(
    ("outputs", "what", "fix"),
    [
        (
            {"t": np.zeros((3, 2))},
            "the predictor gave 3 results for 2 items",
            "correct layout in the manifest, or use batch size 1",
        ),
        ({}, "the predictor gave no tensor 't'", "correct tensor in the manifest"),
    ],
)
def test_refuses_outputs_of_another_length(outputs: Any, what: str, fix: str) -> None:
    with pytest.raises(DataError) as caught:
        split([answer("NK", "N", 2)], outputs, 2)
    assert str(caught.value) == f"DataError: {what}\n  where  output 'y'\n  fix    {fix}"
