from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import onnx
import pytest
from onnx import ModelProto

pytest.importorskip("ai_edge_litert")

from dlscope.backends.litert import LiteRtBackend, LiteRtOptions, LiteRtPredictor
from dlscope.backends.onnx_to_tflite.translate import RULES, convert, write_model
from dlscope.backends.onnxruntime import OnnxRuntimeBackend
from dlscope.core.errors import UnsupportedOp
from dlscope.testing.gaps import Gap
from dlscope.testing.operator_cases import FILTER, IMAGE, ROWS, UP_FILTER, OperatorCase
from dlscope.testing.small_models import SMALL_MODELS, ModelBuilder
from dlscope.testing.translators import HERE, TranslatorSuite


def _run(model: ModelProto, feeds: Sequence[Any]) -> list[Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        write_model(model, HERE, path)
        with LiteRtPredictor(path, LiteRtOptions()) as predictor:
            names = [spec.name for spec in predictor.inputs]
            outputs = predictor.predict(dict(zip(names, feeds, strict=True)))
    return list(outputs.values())


class TestTfliteTranslation(TranslatorSuite):
    framework = "TFLite"
    operators = RULES.keys()
    gaps: ClassVar[Mapping[str, Gap]] = {
        "test_computes_what_the_reference_computes[Div-14]": Gap(
            "notyet", "LiteRT divides no int64", UnsupportedOp
        ),
    }
    # A third of them are of small integers, which TFLite takes for quantised numbers.
    standard_refusals = 110

    def run(self, model: ModelProto, feeds: Sequence[Any]) -> list[Any]:
        return _run(model, feeds)


def _kinds(path: Path) -> list[str]:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(str(path), experimental_op_resolver_type=plain)
    return [operator["op_name"] for operator in interpreter._get_ops_details()]


def test_channels_stay_last_between_convolutions(tmp_path: Path) -> None:
    onnx_file = SMALL_MODELS["convolutions"].build(tmp_path / "m.onnx")
    convert(onnx_file, tmp_path / "m.tflite")
    assert _kinds(tmp_path / "m.tflite") == [
        "TRANSPOSE",
        "CONV_2D",
        "RELU6",
        "CONV_2D",
        "ADD",
        "TRANSPOSE",
    ]


def test_transposes_that_undo_each_other_are_not_written(tmp_path: Path) -> None:
    model = ModelBuilder()
    last = model.add("Transpose", "x", perm=[0, 2, 3, 1])
    first = model.add("Transpose", model.add("Relu", last), perm=[0, 3, 1, 2])
    model.add("Abs", first, output="y")
    image = (np.float32, ["N", 3, 4, 5])
    convert(model.save(tmp_path / "m.onnx", {"x": image}, {"y": image}), tmp_path / "m.tflite")
    assert _kinds(tmp_path / "m.tflite") == ["RELU", "ABS"]


def test_what_no_output_needs_is_not_written(tmp_path: Path) -> None:
    model = ModelBuilder()
    model.add("Sqrt", "x")
    model.add("Neg", "x", output="y")
    row = (np.float32, ["N"])
    convert(model.save(tmp_path / "m.onnx", {"x": row}, {"y": row}), tmp_path / "m.tflite")
    assert _kinds(tmp_path / "m.tflite") == ["NEG"]


def _agrees(model: ModelBuilder, path: Path, shape: Sequence[int | str], *feeds: Any) -> None:
    """Check against ONNX Runtime for each of `feeds`, whose sizes may differ."""
    out: list[int | str] = [f"y{axis}" for axis in range(len(shape))]
    model.save(path, {"x": (np.float32, shape)}, {"y": (np.float32, out)})
    with LiteRtBackend().open(path) as predictor, OnnxRuntimeBackend().open(path) as oracle:
        for feed in feeds:
            got, wanted = (each.predict({"x": feed})["y"] for each in (predictor, oracle))
            np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)


def _noise(*shape: int) -> Any:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def test_two_free_axes_are_kept_by_a_reshape(tmp_path: Path) -> None:
    model = ModelBuilder()
    heads = model.add("Reshape", "x", model.constant(np.array([0, 0, 2, 3])))
    turned = model.add("Transpose", heads, perm=[0, 2, 1, 3])
    model.add("Softmax", turned, axis=-1, output="t")
    model.add("Identity", "t", output="y0")
    model.add("Reshape", model.add("Transpose", "y0", perm=[0, 2, 1, 3]),
              model.constant(np.array([0, 0, -1])), output="y")  # fmt: skip
    _agrees(model, tmp_path / "m.onnx", ["N", "T", 6], _noise(2, 3, 6), _noise(1, 5, 6))


def test_a_shape_may_be_computed_as_the_model_runs(tmp_path: Path) -> None:
    model = ModelBuilder()
    length = model.add("Shape", "x", start=1, end=2)
    table = model.constant(_noise(7, 4))
    rows = model.add("Slice", table, model.constant(np.array([0])), length)
    added = model.add("Add", "x", rows)
    rest, same = model.constant(np.array([-1])), model.constant(np.array([0]))
    size = model.add("Concat", rest, length, same, axis=0)
    model.add("Reshape", added, size, output="r")
    whole = model.add("Shape", "r")
    model.add("Add", "r", model.add("Expand", model.constant(_noise(1, 4)), whole), output="y")
    _agrees(model, tmp_path / "m.onnx", ["N", "T", 4], _noise(2, 3, 4), _noise(1, 6, 4))


def test_sound_is_convolved_and_pooled(tmp_path: Path) -> None:
    model = ModelBuilder()
    weight, bias = model.weight(4, 3, 5, fan_in=15), model.weight(4, fan_in=4)
    made = model.add("Conv", "x", weight, bias, pads=[2, 2], strides=[2])
    model.add("MaxPool", made, kernel_shape=[3], pads=[1, 1], output="y")
    _agrees(model, tmp_path / "m.onnx", ["N", 3, "L"], _noise(1, 3, 20), _noise(2, 3, 31))


def test_a_transposed_convolution_of_a_free_size(tmp_path: Path) -> None:
    model = ModelBuilder()
    weight, bias = model.weight(3, 4, 3, 3, fan_in=27), model.weight(4, fan_in=4)
    model.add("ConvTranspose", "x", weight, bias, strides=[2, 2], pads=[1, 0, 0, 1],
              output_padding=[1, 0], output="y")  # fmt: skip
    _agrees(model, tmp_path / "m.onnx", ["N", 3, "H", "W"], _noise(1, 3, 4, 5), _noise(2, 3, 6, 3))


@pytest.mark.parametrize(
    ("case", "feature"),
    [
        (OperatorCase("Add", 14, [np.ones(2, np.int8)] * 2), "int8 numbers of Add"),
        (OperatorCase("Div", 14, [np.ones(2, np.int64)] * 2), "int64 numbers of Div"),
        (
            OperatorCase("Conv", 11, [IMAGE[:, :, None], FILTER[:, :, None]]),
            "3 spatial axes of Conv",
        ),
        (OperatorCase("LRN", 13, [IMAGE], {"size": 2}), "an even size of LRN"),
        (
            OperatorCase("MaxPool", 12, [IMAGE], {"kernel_shape": [2, 2], "dilations": [2, 2]}),
            "dilations of MaxPool",
        ),
        (
            OperatorCase("ConvTranspose", 11, [IMAGE, UP_FILTER], {"output_shape": [11, 12]}),
            "a size that is told of ConvTranspose",
        ),
        (OperatorCase("MatMul", 13, [ROWS, ROWS[0]]), "a vector of MatMul"),
        (OperatorCase("Cast", 13, [ROWS], {"to": onnx.TensorProto.BFLOAT16}), "bfloat16 of Cast"),
    ],
    ids=str,
)
def test_refuses_what_tflite_has_no_operator_for(case: OperatorCase, feature: str) -> None:
    with pytest.raises(UnsupportedOp) as refusal:
        _run(case.model(), [case.inputs[0]])
    assert str(refusal.value) == (
        f"UnsupportedOp: no TFLite rule for {feature} node 'it'\n"
        f"  where  {HERE}\n"
        "  fix    open the model with another backend, such as onnxruntime"
    )
