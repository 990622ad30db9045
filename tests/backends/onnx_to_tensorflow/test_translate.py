from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from onnx import ModelProto, helper

from dlscope.backends.onnx_graph.program import Program
from dlscope.backends.onnx_to_tensorflow.translate import RULES
from dlscope.backends.tensorflow import tf, translate
from dlscope.testing.operator_cases import ROWS, OperatorCase
from dlscope.testing.translators import HERE, CompiledTranslatorSuite


def _run(model: ModelProto, feeds: Sequence[Any]) -> list[Any]:
    function = translate(Program.of(model, HERE))
    graph = tf.function(lambda *inputs: function(inputs), autograph=False)
    return [result.numpy() for result in graph(*map(tf.constant, feeds))]


class TestTensorFlowTranslation(CompiledTranslatorSuite):
    framework = "TensorFlow"
    operators = RULES.keys()

    def run(self, model: ModelProto, feeds: Sequence[Any]) -> list[Any]:
        return _run(model, feeds)


@pytest.mark.parametrize("index", [5, -6])
def test_an_index_out_of_bounds_is_an_error(index: int) -> None:
    case = OperatorCase("Gather", 13, [np.array([0, index]), ROWS])
    model = case.model()
    # The indices are fed, the table is the weight.
    model.graph.node[0].input[:] = ["i1", "i0"]
    model.graph.node[0].attribute.append(helper.make_attribute("axis", 1))
    with pytest.raises(tf.errors.InvalidArgumentError, match="is not in"):
        _run(model, [np.array([0, index])])
    (got,) = _run(model, [np.array([-1, 0])])
    np.testing.assert_array_equal(got, ROWS[:, [-1, 0]])
