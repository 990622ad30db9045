from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dlscope.backends.onnx_graph.node import OnnxNode
from dlscope.backends.onnx_graph.program import Program
from dlscope.backends.onnx_graph.window import Window, same_pads
from dlscope.core.errors import UnsupportedOp
from dlscope.testing.operator_cases import IMAGE, OperatorCase


class _Nothing:
    framework = "Abacus"
    fixed_shapes = True


def _node(**attributes: Any) -> OnnxNode[Any]:
    program = Program.of(OperatorCase("MaxPool", 12, [IMAGE], attributes).model(), Path("m.onnx"))
    return OnnxNode(program.nodes[0], program.opset, _Nothing(), program.where)  # type: ignore


def test_begins_and_ends_are_listed_one_after_the_other() -> None:
    window = Window.of(_node(kernel_shape=[3, 5], pads=[1, 2, 3, 4]))
    assert (window.begins, window.ends) == ((1, 2), (3, 4))
    assert (window.strides, window.dilations) == ((1, 1), (1, 1))
    assert not window.is_even


def test_padding_by_need_leaves_no_numbers() -> None:
    window = Window.of(_node(kernel_shape=[3, 3], auto_pad="SAME_LOWER"))
    assert (window.same, window.pads, window.is_even) == ("SAME_LOWER", (0, 0, 0, 0), False)


def test_refuses_a_kernel_of_unknown_shape() -> None:
    with pytest.raises(UnsupportedOp) as refusal:
        Window.of(_node())
    assert refusal.value.what == (
        "no Abacus rule for a kernel whose shape is not known of MaxPool node 'it'"
    )


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "dilation", "upper", "lower"),
    [
        (224, 3, 2, 1, (0, 1), (1, 0)),
        (7, 3, 1, 1, (1, 1), (1, 1)),
        (7, 3, 1, 2, (2, 2), (2, 2)),
        (8, 2, 4, 1, (0, 0), (0, 0)),
    ],
)
def test_pads_by_need(
    size: int,
    kernel: int,
    stride: int,
    dilation: int,
    upper: tuple[int, int],
    lower: tuple[int, int],
) -> None:
    slide = ([size], (kernel,), (stride,), (dilation,))
    assert same_pads(*slide, is_upper=True) == [upper]
    assert same_pads(*slide, is_upper=False) == [lower]
