from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from dlscope.backends.model_graph import graph_of
from dlscope.core.errors import DlscopeError
from dlscope.graph.builder import GraphBuilder


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A convolution and what follows it, of as many images as are asked for."""
    graph = GraphBuilder("small")
    x = graph.input("x", "float32", ("N", 8, 6, 6))
    weight = graph.constant("w", np.full((8, 8, 3, 3), 0.1, np.float32))
    shown = graph.node("Relu", [graph.node("Conv", [x, weight], pads=[1] * 4)], output="y")
    graph.output(shown, "float32", ("N", 8, 6, 6))
    onnx.save(graph.finish(), tmp_path / "small.onnx")
    return tmp_path / "small.onnx"


def test_the_written_graph_keeps_its_layers_and_their_names(path: Path) -> None:
    found = graph_of(path, "authored")
    assert found.name == "small"
    assert [(each.name, each.op_type) for each in found.graph.layers] == [
        ("Conv_0", "Conv"),
        ("y", "Relu"),
    ]


def test_the_executed_graph_is_what_onnx_runtime_makes_of_it(path: Path) -> None:
    operators = [each.op_type for each in graph_of(path, "executed").graph.layers]
    assert "Relu" not in operators
    assert "Conv" in operators or "FusedConv" in operators


def test_a_free_first_axis_is_the_batch(path: Path) -> None:
    assert [graph_of(path, "authored", batch=size).graph.batch for size in (1, 4)] == [1, 4]


def test_a_graph_is_kept_until_something_changes(path: Path) -> None:
    first = graph_of(path, "authored").path
    written = first.stat().st_mtime_ns
    assert graph_of(path, "authored").path == first
    assert first.stat().st_mtime_ns == written
    assert graph_of(path, "authored", batch=2).path != first


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(DlscopeError, match="there is no model 'squeezenet9'"):
        graph_of("squeezenet9", "authored")
