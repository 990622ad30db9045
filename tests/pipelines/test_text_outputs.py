from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper

from dlscope.core.errors import DataError, PlanError
from dlscope.pipelines.base import Spec, StepContext, Value
from dlscope.pipelines.text_outputs import CtcDecode


@pytest.fixture(scope="module")
def graph(tmp_path_factory) -> Path:
    """An ONNX file whose metadata list the characters a, b and é."""
    tensor = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    node = helper.make_node("Identity", ["x"], ["y"])
    out = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    model = helper.make_model(helper.make_graph([node], "g", [tensor], [out]))
    helper.set_model_props(model, {"character": "a\nb\né", "other": "x"})
    path = tmp_path_factory.mktemp("ctc") / "graph.onnx"
    onnx.save(model, path)
    return path


def decoded(path: Path, best: list[int], p: float = 0.8, step: CtcDecode | None = None):
    table = np.full((len(best), 5), (1 - p) / 4, dtype=np.float32)
    table[np.arange(len(best)), best] = p
    context = StepContext(assets={"graph": path})
    return (step or CtcDecode()).apply(Value(table, axes="TK"), context).data


@pytest.mark.parametrize(
    ("best", "text"),
    [
        ([0, 1, 1, 0, 1, 2, 2, 0], "aab"),  # a blank parts equal symbols
        ([3, 4, 1], "é a"),
        ([1, 1, 1], "a"),
        ([0, 0], ""),
        ([], ""),
    ],
)
def test_takes_repetitions_together_and_leaves_blanks_out(graph, best, text: str) -> None:
    assert decoded(graph, best)["text"] == text


def test_the_score_is_the_mean_of_the_symbols_kept(graph) -> None:
    table = np.array(
        [[0.1, 0.9, 0, 0, 0], [0.4, 0.6, 0, 0, 0], [1, 0, 0, 0, 0], [0.3, 0, 0.7, 0, 0]],
        dtype=np.float32,
    )
    answer = CtcDecode().apply(Value(table, axes="TK"), StepContext(assets={"graph": graph})).data
    assert answer == {"text": "ab", "score": pytest.approx(0.8)}
    assert decoded(graph, [0, 0])["score"] == 0.0


@given(st.lists(st.integers(1, 4), max_size=12), st.data())
def test_any_path_of_a_text_is_that_text(graph, symbols: list[int], data) -> None:
    path: list[int] = []
    for symbol in symbols:
        blanks = data.draw(st.integers(int(path[-1:] == [symbol]), 2))
        path += [0] * blanks + [symbol] * data.draw(st.integers(1, 3))
    assert decoded(graph, path)["text"] == "".join("?abé "[symbol] for symbol in symbols)


def test_refuses_an_output_without_places() -> None:
    with pytest.raises(PlanError) as refusal:
        CtcDecode().infer(Spec("tensor", "float32", "K", (5,)))
    assert str(refusal.value) == (
        "PlanError: ctc_decode takes symbols at each place (TK), got tensor float32[5] K\n"
        "  where  step ctc_decode\n"
        "  fix    use layout NTK"
    )


def test_refuses_characters_of_another_network(graph) -> None:
    table = np.zeros((2, 9), dtype=np.float32)
    with pytest.raises(DataError) as refusal:
        CtcDecode().apply(Value(table, axes="TK"), StepContext(assets={"graph": graph}))
    assert (refusal.value.what, refusal.value.fix) == (
        "the output has 9 symbols, the file 5 with blank and space",
        "name the file of this network in characters",
    )


def test_refuses_a_role_that_is_not_there(graph) -> None:
    with pytest.raises(DataError) as refusal:
        decoded(graph, [1], step=CtcDecode(characters="names"))
    assert str(refusal.value) == (
        "DataError: the model has no asset 'names'\n"
        "  where  step ctc_decode\n"
        "  fix    name the role of its ONNX file in characters"
    )


def test_refuses_a_file_without_the_metadata(graph) -> None:
    with pytest.raises(DataError) as refusal:
        decoded(graph, [1], step=CtcDecode(key="symbols"))
    assert str(refusal.value) == (
        "DataError: the ONNX file has no metadata 'symbols'\n"
        f"  where  {graph}\n"
        "  fix    it has: character, other"
    )


def test_refuses_what_is_no_onnx_file(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("a\nb\n")
    with pytest.raises(DataError) as refusal:
        decoded(path, [1])
    assert str(refusal.value) == (
        "DataError: the characters cannot be read: this is no ONNX file\n"
        f"  where  {path}\n"
        "  fix    name the role of the model's ONNX file in characters"
    )
