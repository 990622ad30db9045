from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import pytest

pytest.importorskip("jax")

import jax
from jax.experimental import checkify
from onnx import ModelProto, helper, numpy_helper

from dlscope.backends.onnx_graph.program import Program
from dlscope.backends.onnx_to_jax.translate import RULES, translate
from dlscope.testing.operator_cases import ROWS, OperatorCase
from dlscope.testing.translators import HERE, CompiledTranslatorSuite


def _run(model: ModelProto, feeds: Sequence[Any]) -> list[Any]:
    function, weights = translate(Program.of(model, HERE))
    compiled = jax.jit(checkify.checkify(function, errors=checkify.user_checks))
    with jax.enable_x64(True), jax.default_matmul_precision("highest"):
        error, results = compiled(weights, list(feeds))
    error.throw()
    return [np.asarray(result) for result in results]


class TestJaxTranslation(CompiledTranslatorSuite):
    framework = "JAX"
    operators = RULES.keys()

    def run(self, model: ModelProto, feeds: Sequence[Any]) -> list[Any]:
        return _run(model, feeds)


def test_what_depends_on_shapes_alone_is_no_part_of_the_compiled_function() -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Add", ["shape", "one"], ["larger"]),
        helper.make_node("Expand", ["row", "larger"], ["y"]),
    ]
    weights = [
        numpy_helper.from_array(np.array([1]), "one"),
        numpy_helper.from_array(np.float32([7]), "row"),
    ]
    fed = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N"])
    made = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["M"])
    model = helper.make_model(helper.make_graph(nodes, "sizes", [fed], [made], weights))
    function, large = translate(Program.of(model, HERE))
    for size in (2, 5):
        jaxpr = jax.make_jaxpr(function)(large, [np.zeros(size, np.float32)])
        assert len(jaxpr.eqns) <= 1
        assert [value.shape for value in jaxpr.out_avals] == [(size + 1,)]


def test_weights_are_those_that_nodes_still_read() -> None:
    nodes = [
        helper.make_node("Transpose", ["w"], ["turned"]),
        helper.make_node("MatMul", ["x", "turned"], ["y"]),
    ]
    weight = numpy_helper.from_array(np.ones((30, 20), np.float32), "w")
    fed = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N", 20])
    made = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["N", 30])
    graph = helper.make_graph(nodes, "turned", [fed], [made], [weight])
    _, weights = translate(Program.of(helper.make_model(graph), HERE))
    assert {name: array.shape for name, array in weights.items()} == {"turned": (20, 30)}


@pytest.mark.parametrize("index", [5, -6])
def test_an_index_out_of_bounds_is_an_error(index: int) -> None:
    case = OperatorCase("Gather", 13, [np.array([0, index]), ROWS])
    model = case.model()
    # The indices are fed, the table is the weight.
    model.graph.node[0].input[:] = ["i1", "i0"]
    model.graph.node[0].attribute.append(helper.make_attribute("axis", 1))
    with pytest.raises(ValueError, match="an index is out of bounds for axis 1 with size 5"):
        _run(model, [np.array([0, index])])
    (got,) = _run(model, [np.array([-1, 0])])
    np.testing.assert_array_equal(got, ROWS[:, [-1, 0]])
