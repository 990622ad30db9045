from __future__ import annotations

import json
import math

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from onnx import helper

from dlscope.core.errors import UnsupportedOp
from dlscope.graph.brick_attributes import attributes_of, plain_attributes

NUMBERS = st.floats(width=32)
TEXT = st.text(max_size=5)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
ATTRIBUTES = st.one_of(
    INTEGERS,
    NUMBERS,
    TEXT,
    st.lists(INTEGERS).map(tuple),
    st.lists(NUMBERS).map(tuple),
    st.lists(TEXT).map(tuple),
)


def through_json(attributes):
    return attributes_of(json.loads(json.dumps(plain_attributes(attributes), allow_nan=False)))


def same(one, other) -> bool:
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and (one == other or (one != one and other != other))


@given(st.dictionaries(TEXT, ATTRIBUTES))
def test_numbers_and_words_survive_json(attributes):
    again = through_json(attributes)
    assert list(again) == list(attributes)
    assert all(same(attributes[name], again[name]) for name in attributes)


@given(
    arrays.arrays(
        st.sampled_from(
            [np.dtype(name) for name in ("float32", "float16", "int64", "uint8", "bool")]
        ),
        arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
    )
)
def test_arrays_survive_json(array):
    again = through_json({"value": array})["value"]
    assert (again.dtype, again.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(again, array)


@pytest.mark.parametrize("element", [onnx.TensorProto.BFLOAT16, onnx.TensorProto.INT4])
def test_types_that_numpy_lacks_survive_json(element):
    dtype = helper.tensor_dtype_to_np_dtype(element)
    array = np.array([1, -2, 3]).astype(dtype)
    again = through_json({"value": array})["value"]
    assert again.dtype == dtype
    assert again.tolist() == array.tolist()


def test_an_array_without_axes_keeps_none():
    plain = plain_attributes({"value": np.array(3, np.int32)})
    assert plain == {"value": {"array": "int32", "shape": [], "value": [3]}}
    assert attributes_of(plain)["value"].shape == ()


def test_numbers_that_json_lacks_are_words():
    plain = plain_attributes({"most": math.inf, "least": -math.inf, "none": math.nan})
    assert plain == {"most": {"float": "inf"}, "least": {"float": "-inf"}, "none": {"float": "nan"}}
    assert math.isnan(attributes_of(plain)["none"])


def test_a_body_is_read_back_as_a_graph():
    node = helper.make_node("Relu", ["x"], ["y"])
    value = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [2])
    body = helper.make_graph([node], "body", [], [value])
    again = through_json(
        {"then_branch": body},
    )["then_branch"]
    assert [each.op_type for each in again.node] == ["Relu"]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (helper.make_tensor_type_proto(1, [2]), "TypeProto"),
        (np.array(["word"], dtype=object), "ndarray"),
        (onnx.SparseTensorProto(), "SparseTensorProto"),
    ],
)
def test_what_cannot_be_written_down_is_refused(value, kind):
    with pytest.raises(UnsupportedOp) as caught:
        plain_attributes({"odd": value}, where="layer n")
    assert caught.value.what == (f"an attribute of type {kind} cannot be written into a benchmark")
    assert (caught.value.where, caught.value.fix) == ("layer n", "leave this model out")


@pytest.mark.parametrize(
    ("plain", "error"),
    [
        (None, TypeError),
        ({"number": 3}, KeyError),
        ({"array": "float32", "shape": [2], "value": [1.0]}, ValueError),
        ({"array": "nothing", "shape": [1], "value": [1.0]}, TypeError),
        ({"body": "?"}, ValueError),
    ],
)
def test_what_was_never_written_cannot_be_read(plain, error):
    with pytest.raises(error):
        attributes_of({"value": plain})
