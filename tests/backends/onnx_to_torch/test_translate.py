from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

pytest.importorskip("torch")

import torch
from onnx import ModelProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from dlscope.backends.onnx_to_torch.translate import RULES, translate
from dlscope.core.errors import UnsupportedOp

RNG = np.random.default_rng(7)
IMAGE = RNG.standard_normal((2, 4, 9, 10)).astype(np.float32)
ROWS = RNG.standard_normal((3, 5)).astype(np.float32)
FILTER = (RNG.standard_normal((6, 4, 3, 3)) / 6).astype(np.float32)
UP_FILTER = (RNG.standard_normal((4, 6, 3, 3)) / 6).astype(np.float32)
HERE = Path("model.onnx")
Case = tuple[str, int, Sequence[Any], dict[str, Any], int]


def _ints(*numbers: int) -> Any:
    return np.array(numbers, np.int64)


def _model(
    op_type: str, opset: int, inputs: Sequence[Any], attributes: Mapping[str, Any], outputs: int
) -> ModelProto:
    """The node alone: its first input is the model's, the others are weights."""
    names = ["" if value is None else f"i{place}" for place, value in enumerate(inputs)]
    results = [f"o{place}" for place in range(outputs)]
    node = helper.make_node(op_type, names, results, name="it", **attributes)
    weights = [
        numpy_helper.from_array(np.asarray(value), name)
        for name, value in list(zip(names, inputs, strict=True))[1:]
        if value is not None
    ]
    first = inputs[0]
    dtype = helper.np_dtype_to_tensor_dtype(first.dtype)
    fed = helper.make_tensor_value_info("i0", dtype, first.shape)
    made = [helper.make_empty_tensor_value_info(name) for name in results]
    graph = helper.make_graph([node], "single", [fed], made, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def _run(model: ModelProto, feeds: Sequence[Any]) -> list[Any]:
    # What the graph computes has no declared type here, and translating needs none.
    module = translate(_typed(model), HERE)
    with torch.inference_mode():
        results = module.forward(*(torch.from_numpy(np.array(feed)) for feed in feeds))
    return [result.numpy() for result in results]


def _typed(model: ModelProto) -> ModelProto:
    for value in model.graph.output:
        if not value.type.tensor_type.elem_type:
            value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    return model


WINDOW = {"kernel_shape": [3, 3], "strides": [2, 2]}
CASES: list[Case] = [
    ("Conv", 11, [IMAGE, FILTER], {"pads": [0, 1, 2, 1], "strides": [2, 1]}, 1),
    ("Conv", 11, [IMAGE, FILTER], {"auto_pad": "SAME_UPPER", "strides": [2, 2]}, 1),
    ("Conv", 11, [IMAGE, FILTER], {"auto_pad": "SAME_LOWER", "strides": [2, 2]}, 1),
    ("Conv", 11, [IMAGE, FILTER], {"auto_pad": "VALID", "dilations": [2, 2]}, 1),
    ("Conv", 11, [IMAGE, FILTER[:, :2], FILTER[:, 0, 0, 0]], {"group": 2}, 1),
    ("ConvTranspose", 11, [IMAGE, UP_FILTER], {"strides": [2, 2], "pads": [1, 1, 1, 1]}, 1),
    ("ConvTranspose", 11, [IMAGE, UP_FILTER], {"strides": [2, 2], "pads": [0, 1, 1, 0]}, 1),
    ("ConvTranspose", 11, [IMAGE, UP_FILTER], {"strides": [2, 2], "output_padding": [1, 1]}, 1),
    ("MaxPool", 12, [IMAGE], {**WINDOW, "pads": [1, 1, 1, 1]}, 1),
    ("MaxPool", 12, [IMAGE], {**WINDOW, "pads": [0, 0, 1, 1], "ceil_mode": 1}, 1),
    ("MaxPool", 12, [IMAGE], {**WINDOW, "auto_pad": "SAME_UPPER"}, 1),
    ("AveragePool", 11, [IMAGE], {**WINDOW, "pads": [1, 1, 1, 1]}, 1),
    ("AveragePool", 11, [IMAGE], {**WINDOW, "pads": [0, 0, 1, 1]}, 1),
    ("AveragePool", 11, [IMAGE], {**WINDOW, "pads": [1, 0, 1, 1], "count_include_pad": 1}, 1),
    ("AveragePool", 11, [IMAGE], {**WINDOW, "ceil_mode": 1}, 1),
    ("GlobalMaxPool", 1, [IMAGE], {}, 1),
    ("LayerNormalization", 17, [IMAGE, np.float32([2.0] * 10)], {"axis": 2}, 3),
    ("Gemm", 13, [ROWS, ROWS, ROWS[:, :3]], {"transB": 1, "alpha": 0.5, "beta": 2.0}, 1),
    ("Gemm", 13, [ROWS, ROWS], {"transA": 1}, 1),
    ("Clip", 6, [IMAGE], {"min": -0.5, "max": 0.5}, 1),
    ("Clip", 13, [IMAGE, None, np.float32(0.25)], {}, 1),
    ("Gelu", 20, [IMAGE], {"approximate": "tanh"}, 1),
    ("HardSigmoid", 6, [IMAGE], {"alpha": 0.3, "beta": 0.4}, 1),
    ("HardSwish", 14, [IMAGE], {}, 1),
    ("LeakyRelu", 16, [IMAGE], {"alpha": 0.2}, 1),
    ("Softmax", 13, [IMAGE], {"axis": 1}, 1),
    ("Dropout", 13, [IMAGE, np.float32(0.5)], {}, 2),
    ("Div", 14, [_ints(-7, 7, -8), _ints(2)], {}, 1),
    ("Pow", 15, [np.abs(ROWS), _ints(2)], {}, 1),
    ("ReduceMean", 13, [IMAGE], {"axes": [2, 3], "keepdims": 0}, 1),
    ("ReduceMean", 18, [IMAGE, _ints(-1)], {}, 1),
    ("ReduceMean", 18, [IMAGE], {}, 1),
    ("ReduceSumSquare", 18, [IMAGE, _ints()], {"noop_with_empty_axes": 1}, 1),
    ("ArgMax", 13, [ROWS], {"axis": 1, "keepdims": 0}, 1),
    ("Cast", 13, [ROWS], {"to": onnx.TensorProto.INT64}, 1),
    ("Expand", 13, [ROWS[:, :1], _ints(2, 1, 5)], {}, 1),
    ("Flatten", 13, [IMAGE], {"axis": -2}, 1),
    ("Gather", 13, [ROWS, _ints(-1, 0)], {"axis": 1}, 1),
    ("Gather", 13, [ROWS, np.int64(-2)], {"axis": 0}, 1),
    ("Pad", 2, [IMAGE], {"pads": [0, 0, 1, 2, 0, 0, 3, 0], "value": 1.5}, 1),
    ("Pad", 13, [IMAGE, _ints(0, 0, 1, 2, 0, 0, 3, 0)], {"mode": "reflect"}, 1),
    ("Pad", 13, [ROWS, _ints(0, 0, 0, 3)], {"mode": "reflect"}, 1),
    ("Pad", 13, [ROWS, _ints(0, 0, 0, 0)], {"mode": "edge"}, 1),
    ("Pad", 13, [IMAGE, _ints(0, 1, 0, 2, 0, 0, 3, 0)], {"mode": "edge"}, 1),
    ("Pad", 18, [IMAGE, _ints(1, 2), np.float32(9), _ints(3)], {}, 1),
    ("Reshape", 14, [IMAGE, _ints(0, -1, 5)], {}, 1),
    ("Shape", 15, [IMAGE], {"start": 1, "end": -1}, 1),
    ("Slice", 9, [IMAGE], {"starts": [1, -3], "ends": [99, -1], "axes": [2, 3]}, 1),
    ("Slice", 13, [ROWS, _ints(-1), _ints(-99), _ints(1), _ints(-2)], {}, 1),
    ("Slice", 13, [ROWS, _ints(4), _ints(2)], {}, 1),
    ("Split", 11, [ROWS], {"axis": 1, "split": [2, 3]}, 2),
    ("Split", 18, [ROWS], {"axis": 1, "num_outputs": 2}, 2),
    ("Squeeze", 13, [ROWS[:, :1], _ints(-1)], {}, 1),
    ("Tile", 13, [ROWS, _ints(2, 1)], {}, 1),
    ("Transpose", 13, [IMAGE], {}, 1),
    ("Unsqueeze", 11, [ROWS], {"axes": [0, 3]}, 1),
    ("Unsqueeze", 13, [ROWS, _ints(-1, 0)], {}, 1),
    ("ConstantOfShape", 9, [_ints(2, 3)], {"value": numpy_helper.from_array(_ints(4))}, 1),
]


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{case[0]}-{case[1]}-{place}" for place, case in enumerate(CASES)]
)
def test_computes_what_the_reference_computes(case: Case) -> None:
    model = _model(*case)
    feed = case[2][0]
    wanted = ReferenceEvaluator(model).run(None, {"i0": feed})
    for got, expected in zip(_run(model, [feed]), wanted, strict=True):
        assert got.dtype == np.asarray(expected).dtype
        assert got.shape == np.asarray(expected).shape
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


# ONNX's reference evaluator gets the next two wrong: the standard itself is the oracle.
def test_softmax_before_opset_13_runs_over_all_axes_from_its_own_on() -> None:
    (got,) = _run(_model("Softmax", 11, [IMAGE], {"axis": 1}, 1), [IMAGE])
    powers = np.exp(IMAGE.reshape(len(IMAGE), -1))
    wanted = (powers / powers.sum(1, keepdims=True)).reshape(IMAGE.shape)
    np.testing.assert_allclose(got, wanted, rtol=1e-4)


def test_local_response_looks_at_the_neighbouring_channels() -> None:
    (got,) = _run(_model("LRN", 13, [IMAGE], {"size": 3, "alpha": 0.1, "bias": 2.0}, 1), [IMAGE])
    squares = np.pad(IMAGE**2, ((0, 0), (1, 1), (0, 0), (0, 0)))
    total = squares[:, :-2] + squares[:, 1:-1] + squares[:, 2:]
    np.testing.assert_allclose(got, IMAGE / (2.0 + 0.1 / 3 * total) ** 0.75, rtol=1e-4)


def test_names_every_operator_without_a_rule() -> None:
    odd = [helper.make_node("NonZero", ["x"], [f"n{place}"]) for place in range(3)]
    other = helper.make_node("Mystery", ["x"], ["y"], domain="com.example")
    fed = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [2])
    made = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [2])
    graph = helper.make_graph([*odd, other], "odd", [fed], [made])
    with pytest.raises(UnsupportedOp) as refusal:
        translate(helper.make_model(graph), HERE)
    assert str(refusal.value) == (
        "UnsupportedOp: no PyTorch rule for 2 operators: Mystery (1 node), NonZero (3 nodes)\n"
        "  where  model.onnx\n"
        "  fix    open the model with another backend, such as onnxruntime"
    )


@pytest.mark.parametrize(
    ("case", "what"),
    [
        (("MaxPool", 12, [IMAGE], WINDOW, 2), "its optional outputs of MaxPool"),
        (
            ("AveragePool", 19, [IMAGE], {**WINDOW, "dilations": [2, 2]}, 1),
            "dilations of AveragePool",
        ),
        (("LRN", 13, [IMAGE], {"size": 2}, 1), "an even size of LRN"),
        (
            ("Dropout", 13, [IMAGE, np.float32(0.5), np.bool_(True)], {}, 1),
            "training mode of Dropout",
        ),
        (
            ("ConvTranspose", 11, [IMAGE, UP_FILTER], {"output_shape": [20, 20]}, 1),
            "padding by output shape of ConvTranspose",
        ),
        (("ArgMax", 13, [ROWS], {"select_last_index": 1}, 1), "select_last_index of ArgMax"),
    ],
)
def test_refuses_a_feature_without_a_rule(case: Case, what: str) -> None:
    with pytest.raises(UnsupportedOp) as refusal:
        translate(_typed(_model(*case)), HERE)
    assert str(refusal.value) == (
        f"UnsupportedOp: no PyTorch rule for {what} node 'it'\n"
        "  where  model.onnx\n"
        "  fix    open the model with another backend, such as onnxruntime"
    )


def test_what_depends_on_no_input_is_computed_once() -> None:
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["ones"], value=_tensor(np.float32([1]))),
        helper.make_node("Unsqueeze", ["ones"], ["column"], axes=[1]),
        helper.make_node("Mul", ["x", "column"], ["y"]),
    ]
    fed = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [3, 2])
    made = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [3, 2])
    graph = helper.make_graph(nodes, "folded", [fed], [made], [_tensor(_ints(3), "shape")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)])
    module = translate(model, HERE)
    calls = [node.name for node in module.graph.nodes if node.op == "call_function"]
    assert calls == ["Mul"]
    assert [tuple(buffer.shape) for buffer in module.buffers()] == [(3, 1)]


@pytest.mark.parametrize("name", ["x; raise SystemExit", "__import__('os')", "für", "1st", ""])
def test_names_in_the_file_never_become_code(name: str) -> None:
    node = helper.make_node("Add", ["x", "w'); raise SystemExit #"], ["y"], name=name)
    weight = _tensor(np.float32([1, 2]), "w'); raise SystemExit #")
    fed = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [2])
    made = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [2])
    model = helper.make_model(helper.make_graph([node], "odd names", [fed], [made], [weight]))
    (result,) = _run(model, [np.float32([3, 4])])
    np.testing.assert_array_equal(result, np.float32([4, 6]))


def _tensor(value: Any, name: str = "value") -> Any:
    return numpy_helper.from_array(np.asarray(value), name)


# Types PyTorch holds but does not compute in, or NumPy holds and PyTorch does not.
_TYPES = {np.dtype(kind) for kind in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "?")}
_GAPS = {
    "test_reduce_max_empty_set": "no smallest number is filled in",
    "test_reduce_max_empty_set_bool": "no smallest number is filled in",
    "test_reduce_min_empty_set": "no largest number is filled in",
}


@pytest.mark.slow
def test_agrees_with_the_node_tests_of_the_standard() -> None:
    checked, unsupported, wrong = 0, 0, {}
    for case in _standard_cases():
        feeds, wanted = case.data_sets[0]
        try:
            results = _run(_with_weights(case.model, feeds), feeds[:1])
            for got, expected in zip(results, wanted, strict=True):
                assert got.dtype == expected.dtype
                np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-5)
            checked += 1
        except UnsupportedOp:
            unsupported += 1
        except (AssertionError, IndexError) as error:
            wrong[case.name] = str(error)
    assert wrong.keys() == _GAPS.keys(), wrong
    assert checked > 400
    assert unsupported < 60


def _standard_cases() -> list[Any]:
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        # Making the expected values divides by zero and overflows, on purpose.
        warnings.simplefilter("ignore")
        cases = collect_testcases(None)
    return [case for case in cases if _is_within_reach(case)]


def _is_within_reach(case: Any) -> bool:
    arrays = [array for group in case.data_sets[0] for array in group]
    has_rules = {node.op_type for node in case.model.graph.node} <= RULES.keys()
    is_plain = all(getattr(array, "dtype", None) in _TYPES for array in arrays)
    makes_odd_types = "FLOAT8" in case.name or "BFLOAT16" in case.name
    return has_rules and is_plain and bool(case.data_sets[0][0]) and not makes_odd_types


def _with_weights(model: ModelProto, feeds: Sequence[Any]) -> ModelProto:
    """The model with all inputs but the first made weights, as they are in real models."""
    changed = ModelProto()
    changed.CopyFrom(model)
    for value, array in list(zip(model.graph.input, feeds, strict=True))[1:]:
        changed.graph.initializer.append(numpy_helper.from_array(np.asarray(array), value.name))
    return changed
