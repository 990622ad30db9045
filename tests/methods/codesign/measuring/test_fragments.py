from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from measured_space import small_space
from onnx import TensorProto

from dlscope.core.errors import GraphError
from dlscope.devices.precision import Precision
from dlscope.graph.builder import GraphBuilder
from dlscope.methods.codesign.measuring.design_model import design_model
from dlscope.methods.codesign.measuring.fragments import fragments
from dlscope.methods.codesign.space.design import Design

SPACE = small_space(8, 32)
FLOAT, BYTES = Precision(32, 32), Precision(8, 8)
ORDER = ("stem", "one", "two", "three", "four", "head")


def cut(operations, precision=FLOAT):
    design = Design(SPACE.digest, operations, (0, 0, 0, 0))
    whole = design_model(SPACE, design, precision)
    return whole, fragments(whole, SPACE)


def run(model, *feeds):
    session = onnxruntime.InferenceSession(model.SerializeToString())
    names = [each.name for each in session.get_inputs()]
    return session.run(None, dict(zip(names, feeds, strict=True)))


@pytest.mark.parametrize("precision", [FLOAT, BYTES])
@pytest.mark.parametrize("operations", [(0, 0, 1, 2), (1, 1, 0, 0), (2, 2, 2, 2)])
def test_parts_one_after_another_compute_what_the_whole_does(operations, precision) -> None:
    whole, parts = cut(operations, precision)
    image = np.random.default_rng(0).random((1, 1, 8, 8), dtype=np.float32)
    value = [image]
    for name in ORDER:
        if name in parts:
            value = run(parts[name], *value)
    assert value[0] == pytest.approx(run(whole, image)[0], rel=1e-4, abs=1e-5)


def test_a_skipped_block_has_no_part() -> None:
    _, parts = cut((2, 2, 2, 2))
    assert sorted(parts) == ["head", "one", "stem"]


def test_a_residual_is_added_within_its_part() -> None:
    _, parts = cut((0, 0, 2, 2))
    assert "Add" in [node.op_type for node in parts["two"].graph.node]
    assert len(parts["two"].graph.input) == 1


def test_integers_cross_a_cut_as_integers() -> None:
    _, parts = cut((0, 1, 2, 2), BYTES)
    kinds = {TensorProto.UINT8, TensorProto.INT8}
    for part, given in (("stem", "output"), ("one", "input"), ("two", "input"), ("two", "output")):
        values = getattr(parts[part].graph, given)
        assert {each.type.tensor_type.elem_type for each in values} <= kinds, part


def test_a_model_without_names_is_refused() -> None:
    graph = GraphBuilder("none")
    given = graph.input("x", "float32", (1,))
    graph.output(graph.node("Identity", [given], output="y"), "float32", (1,))
    with pytest.raises(GraphError) as refused:
        fragments(graph.finish(), SPACE)
    assert refused.value.what == "no node belongs to the head"
