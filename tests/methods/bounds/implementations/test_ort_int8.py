from __future__ import annotations

import pytest
from single_layers import CONVOLUTIONS, LAYERS

from dlscope.methods.bounds.implementation import Configuration, Unsupported
from dlscope.methods.bounds.implementations import ort_int8
from dlscope.methods.bounds.implementations.cpu_features import has_int8
from dlscope.methods.bounds.implementations.ort_int8 import OrtInt8
from dlscope.methods.bounds.implementations.reference import Reference

PLAIN = Configuration(dtype="int8")
LAST = Configuration(dtype="int8", layout="channels_last")


@pytest.fixture
def any_processor(monkeypatch):
    monkeypatch.setattr(ort_int8, "missing_instructions", lambda _: None)


@pytest.mark.usefixtures("any_processor")
@pytest.mark.parametrize("kind", ["dense", "depthwise", "pointwise"])
def test_a_convolution_is_computed_in_integers_in_both_layouts(kind) -> None:
    brick = CONVOLUTIONS[kind]
    assert OrtInt8().configurations(brick) == [PLAIN, LAST]
    for way, kernel in ((PLAIN, "ai.onnx.QLinearConv"), (LAST, "com.microsoft.QLinearConv")):
        runnable = OrtInt8().build(brick, way)
        assert runnable.notes["kernel"] == kernel
        assert 0 < Reference(brick).checked(runnable) < 0.05


@pytest.mark.usefixtures("any_processor")
@pytest.mark.parametrize(
    ("kind", "kernel"),
    [
        ("gemm", "com.microsoft.QGemm"),
        ("batched matmul", "ai.onnx.QLinearMatMul"),
        ("add", "com.microsoft.QLinearAdd"),
        ("max pool", "ai.onnx.MaxPool"),
        ("global pool", "com.microsoft.QLinearGlobalAveragePool"),
    ],
)
def test_other_operators_have_kernels_in_integers(kind, kernel) -> None:
    runnable = OrtInt8().build(LAYERS[kind], PLAIN)
    assert runnable.notes["kernel"] == kernel
    assert Reference(LAYERS[kind]).checked(runnable) < 0.05


@pytest.mark.usefixtures("any_processor")
def test_says_what_stays_in_floats() -> None:
    found = OrtInt8().configurations(LAYERS["softmax"])
    assert found == [Unsupported("Softmax is not quantised", PLAIN)]


def test_nothing_is_measured_that_the_processor_would_emulate() -> None:
    found = OrtInt8().configurations(LAYERS["dense"])
    if has_int8():
        assert PLAIN in found
    else:
        reason = "this processor has no instructions for int8"
        assert found == [Unsupported(reason, PLAIN)]
