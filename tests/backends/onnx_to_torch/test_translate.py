from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import pytest

pytest.importorskip("torch")

import torch
from onnx import ModelProto, helper, numpy_helper

from dlscope.backends.onnx_to_torch.translate import RULES, translate
from dlscope.core.errors import UnsupportedOp
from dlscope.testing.operator_cases import IMAGE, UP_FILTER, OperatorCase
from dlscope.testing.translators import HERE, TranslatorSuite


class TestTorchTranslation(TranslatorSuite):
    framework = "PyTorch"
    operators = RULES.keys()
    # No smallest or largest number is filled in where there is nothing to reduce.
    standard_gaps = frozenset(
        {
            "test_reduce_max_empty_set",
            "test_reduce_max_empty_set_bool",
            "test_reduce_min_empty_set",
        }
    )

    def run(self, model: ModelProto, feeds: Sequence[Any]) -> list[Any]:
        module = translate(model, HERE)
        with torch.inference_mode():
            results = module.forward(*(torch.from_numpy(np.array(feed)) for feed in feeds))
        return [result.numpy() for result in results]


@pytest.mark.parametrize(
    ("case", "what"),
    [
        (
            OperatorCase("AveragePool", 19, [IMAGE], {"kernel_shape": [3], "dilations": [2]}),
            "dilations of AveragePool",
        ),
        (OperatorCase("LRN", 13, [IMAGE], {"size": 2}), "an even size of LRN"),
        (
            OperatorCase("ConvTranspose", 11, [IMAGE, UP_FILTER], {"output_shape": [20, 20]}),
            "padding by output shape of ConvTranspose",
        ),
    ],
)
def test_refuses_what_pytorch_has_no_function_for(case: OperatorCase, what: str) -> None:
    with pytest.raises(UnsupportedOp) as refusal:
        translate(case.model(), HERE)
    assert refusal.value.what == f"no PyTorch rule for {what} node 'it'"


def test_what_depends_on_no_input_is_a_weight() -> None:
    nodes = [
        helper.make_node("Neg", ["w"], ["negative"]),
        helper.make_node("Mul", ["x", "negative"], ["y"]),
    ]
    weight = numpy_helper.from_array(np.float32([[1], [2], [3]]), "w")
    fed = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [3, 2])
    made = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [3, 2])
    graph = helper.make_graph(nodes, "folded", [fed], [made], [weight])
    module = translate(helper.make_model(graph), HERE)
    calls = [node.name for node in module.graph.nodes if node.op == "call_function"]
    assert calls == ["Mul"]
    assert [buffer.tolist() for buffer in module.buffers()] == [[[-1], [-2], [-3]]]


def test_a_shape_may_depend_on_the_data() -> None:
    model = OperatorCase("ConstantOfShape", 9, [np.array([2, 3])]).model()
    made = translate(model, HERE).forward(torch.tensor([2, 3]))[0]
    assert made.tolist() == [[0, 0, 0], [0, 0, 0]]
