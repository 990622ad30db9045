from __future__ import annotations

import pytest

from dlscope.core.errors import GraphError, ShapeError
from dlscope.graph.bind import bind
from dlscope.graph.signature import TensorSignature

INPUTS = (
    TensorSignature("ids", "int64", ("batch", "seq")),
    TensorSignature("mask", "int64", ("batch", "seq", None)),
    TensorSignature("bias", "float32", (3,)),
)


def test_every_axis_gets_its_size_and_the_choice_is_told():
    shapes, chosen = bind(INPUTS, {"batch": 1, "seq": 128, "mask[2]": 4}, None, "m.onnx")
    assert shapes == {"ids": (1, 128), "mask": (1, 128, 4), "bias": (3,)}
    assert chosen == {"batch": 1, "seq": 128, "mask[2]": 4}


def test_the_default_is_for_those_that_are_not_bound():
    shapes, chosen = bind(INPUTS, {"batch": 2}, 7, "m.onnx")
    assert shapes == {"ids": (2, 7), "mask": (2, 7, 7), "bias": (3,)}
    assert chosen == {"batch": 2, "seq": 7, "mask[2]": 7}


def test_nothing_is_chosen_where_nothing_is_free():
    assert bind(INPUTS[2:], {}, 9, "m.onnx") == ({"bias": (3,)}, {})


@pytest.mark.parametrize(
    ("bindings", "default", "what", "fix"),
    [
        (
            {"batch": 1},
            None,
            "the model leaves the size of 2 axes open: 'seq', 'mask[2]'",
            "bind each, such as seq=1, or give one size for all that are not bound",
        ),
        (
            {"batch": 1, "seq": 1},
            None,
            "the model leaves the size of one axis open: 'mask[2]'",
            "bind each, such as mask[2]=1, or give one size for all that are not bound",
        ),
        (
            {"batsh": 1},
            1,
            "the model has no free axis 'batsh'",
            "did you mean batch?",
        ),
        (
            {"batch": 0},
            1,
            "0 is not a size for the axis 'batch'",
            "use a whole number from 1 on",
        ),
        (
            {"batch": 1},
            -1,
            "-1 is not a size for the axis 'seq'",
            "use a whole number from 1 on",
        ),
    ],
)
def test_refuses_what_leaves_a_size_open_or_is_none(bindings, default, what, fix):
    with pytest.raises(GraphError) as caught:
        bind(INPUTS, bindings, default, "m.onnx")
    assert (caught.value.what, caught.value.where, caught.value.fix) == (what, "m.onnx", fix)


def test_refuses_a_binding_where_every_size_is_fixed():
    with pytest.raises(GraphError) as caught:
        bind(INPUTS[2:], {"batch": 1}, None, "m.onnx")
    assert caught.value.what == "the model has no free axis 'batch'"
    assert caught.value.fix == "leave it out: every size is fixed"


def test_refuses_an_input_without_a_rank():
    with pytest.raises(ShapeError) as caught:
        bind([TensorSignature("x", "float32", None)], {}, 1, "m.onnx")
    assert caught.value.what == "the rank of input 'x' is not known"
    assert caught.value.fix == "export the model again with the axes of its inputs"
