from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from measured_models import forked_model

from dlscope.backends.onnxruntime import OnnxRuntimeBackend
from dlscope.backends.reference import ReferenceBackend
from dlscope.core.errors import BackendError, LoadError
from dlscope.graph.read import read_graph
from dlscope.methods.bounds.pieces import Pieces, cut
from dlscope.methods.bounds.setups import Setup

_BACKENDS = {"onnxruntime": OnnxRuntimeBackend(), "reference": ReferenceBackend()}


def opened(name: str, path: Path):
    return _BACKENDS[name].open(path)


def pieces_of(setup: Setup) -> list[tuple[str, list[str]]]:
    return [
        (backend, [layer.op_type for layer in segment.layers])
        for backend, segment in cut(read_graph(forked_model()), setup)
    ]


def test_a_model_of_one_backend_is_one_piece() -> None:
    assert pieces_of(Setup("onnxruntime")) == [
        ("onnxruntime", ["Conv", "Relu", "LRN", "MaxPool", "Concat", "Flatten"])
    ]


def test_what_can_run_before_the_change_of_backend_does() -> None:
    assert pieces_of(Setup("onnxruntime", {}, {"LRN": "reference"})) == [
        ("onnxruntime", ["Conv", "Relu", "MaxPool"]),
        ("reference", ["LRN"]),
        ("onnxruntime", ["Concat", "Flatten"]),
    ]


def test_a_model_can_begin_elsewhere() -> None:
    assert pieces_of(Setup("onnxruntime", {}, {"Conv": "reference"}))[0] == ("reference", ["Conv"])


@pytest.mark.parametrize("moved", [["LRN"], ["Conv"], ["MaxPool", "Concat"], ["Relu", "Flatten"]])
def test_pieces_compute_what_the_whole_does(moved: list[str]) -> None:
    graph = read_graph(forked_model())
    feeds = {"x": np.random.default_rng(1).standard_normal((1, 8, 6, 6)).astype(np.float32)}
    whole = Pieces(graph, Setup("onnxruntime"), opened)
    parts = Pieces(graph, Setup("onnxruntime", {}, dict.fromkeys(moved, "reference")), opened)
    expected, found = whole.predict(feeds), parts.predict(feeds)
    assert found.keys() == expected.keys() == {"y"}
    np.testing.assert_allclose(found["y"], expected["y"], rtol=1e-3, atol=1e-6)
    whole.close()
    parts.close()


def test_a_closed_piece_predicts_no_more() -> None:
    pieces = Pieces(read_graph(forked_model()), Setup("onnxruntime"), opened)
    pieces.close()
    with pytest.raises(BackendError, match="after close"):
        pieces.predict({"x": np.zeros((1, 8, 6, 6), np.float32)})


def test_pieces_that_were_opened_are_closed_when_a_later_one_is_refused() -> None:
    closed = []

    def open_first(name: str, path: Path):
        if name == "reference":
            raise LoadError("no", where="here", fix="none")
        predictor = opened(name, path)
        closed.append(predictor)
        return predictor

    with pytest.raises(LoadError):
        Pieces(
            read_graph(forked_model()), Setup("onnxruntime", {}, {"LRN": "reference"}), open_first
        )
    with pytest.raises(BackendError, match="after close"):
        closed[0].predict({})
