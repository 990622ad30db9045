from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from onnx import helper

from dlscope.backends.onnx_signature import read_model
from dlscope.backends.onnx_to_torch.origin import Origin, origin_of
from dlscope.backends.onnx_to_torch.translate import translate
from dlscope.testing.small_models import SMALL_MODELS


def test_a_node_without_a_name_goes_by_its_first_output() -> None:
    assert Origin.of(3, helper.make_node("Split", ["x"], ["", "b"])) == Origin(3, "b", "Split")
    assert Origin.of(0, helper.make_node("Relu", ["x"], ["y"], name="r")).name == "r"


@pytest.mark.parametrize("name", ["convolutions", "pooling", "encoder"])
def test_every_call_and_weight_knows_its_node_and_nodes_come_in_order(
    name: str, tmp_path: Path
) -> None:
    path = SMALL_MODELS[name].build(tmp_path / "model.onnx")
    graph = translate(read_model(path), path).graph
    made = [node for node in graph.nodes if node.op not in ("placeholder", "output")]
    origins = [origin_of(node) for node in made]
    assert None not in origins
    indices = [origin.index for origin in origins if origin]
    assert indices == sorted(indices)
    assert all(origin_of(node) is None for node in graph.nodes if node not in made)
