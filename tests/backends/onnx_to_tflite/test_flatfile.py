from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert")

from ai_edge_litert.tools import flatbuffer_utils

from dlscope.backends.onnx_to_tflite.flatfile import options_of, write
from dlscope.backends.onnx_to_tflite.graph import Graph
from dlscope.graph.tflite_signature import read_tflite_signature


def test_writes_what_the_schema_says(tmp_path: Path) -> None:
    graph = Graph({})
    x = graph.input("x", (None, 3), "float32")
    weight = np.arange(3, dtype=np.float32)
    made = graph.add(
        "ADD", [x.place, graph.weight(weight)], (None, 3), "float32", options="AddOptions"
    )
    path = tmp_path / "m.tflite"
    write(graph, {"x": x.place}, {"sum": made.place}, path)
    signature = read_tflite_signature(path)
    assert [str(tensor) for tensor in signature.outputs] == ["sum: float32[?, 3]"]
    model = flatbuffer_utils.read_model(str(path))
    kept = model.buffers[model.subgraphs[0].tensors[1].buffer].data
    assert bytes(kept) == weight.tobytes()
    assert path.read_bytes().find(weight.tobytes()) % 16 == 0


def test_an_option_that_the_schema_lacks_is_a_mistake() -> None:
    with pytest.raises(AttributeError, match=r"^AddOptions of TFLite has no field speed$"):
        options_of("AddOptions", {"speed": 1})
