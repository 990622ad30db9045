from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from single_layers import CONVOLUTIONS, IMAGE, LAYERS, chain, layer, zeros

from dlscope.methods.bounds.implementation import Configuration, Unsupported
from dlscope.methods.bounds.implementations import openvino
from dlscope.methods.bounds.implementations.cpu_features import missing_instructions
from dlscope.methods.bounds.implementations.openvino import OpenVino, _as_bfloat16
from dlscope.methods.bounds.implementations.reference import Reference

LAST = Configuration(layout="channels_last")


@pytest.fixture
def any_processor(monkeypatch):
    monkeypatch.setattr(openvino, "missing_instructions", lambda _: None)


@pytest.mark.usefixtures("any_processor")
def test_images_are_computed_in_two_layouts_and_two_types() -> None:
    ways = OpenVino().configurations(LAYERS["dense"])
    assert [(each.dtype, each.layout) for each in ways] == [
        ("float32", "plain"),
        ("bfloat16", "plain"),
        ("float32", "channels_last"),
        ("bfloat16", "channels_last"),
    ]


@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_with_the_channels_last_nothing_is_transposed(kind) -> None:
    runnable = OpenVino().build(CONVOLUTIONS[kind], LAST)
    assert "Convolution" in runnable.notes["kernel"]
    assert "Transpose" not in runnable.notes["kernel"]
    assert Reference(CONVOLUTIONS[kind]).checked(runnable) < 1e-4


def test_around_other_operators_it_would_be() -> None:
    layouts = {each.layout for each in OpenVino().configurations(LAYERS["relu"])}
    assert layouts == {"plain"}


def test_whose_code_runs_is_read_from_the_compiled_model() -> None:
    kinds = {"dense": {"onednn"}, "relu": {"openvino"}, "gemm": {"mlas", "onednn"}}
    for kind, families in kinds.items():
        runnable = OpenVino().build(LAYERS[kind], Configuration())
        assert runnable.notes["family"] in families


def test_outputs_are_written_where_they_were_set() -> None:
    runnable = OpenVino().build(LAYERS["split"], Configuration())
    assert Reference(LAYERS["split"]).checked(runnable) == 0
    for tensor in runnable._outputs:
        tensor.data[...] = -1
    assert Reference(LAYERS["split"]).checked(runnable) == 0


def test_says_in_which_types_it_would_not_compute() -> None:
    doubles = layer("Add", [zeros(3, dtype="float64")] * 2)
    (way,) = OpenVino().configurations(doubles)
    assert way == Unsupported("it would compute float64 in float32")


@given(st.floats(-(2.0**100), 2.0**100, width=32))
def test_bfloat16_is_the_nearest_there_is(value) -> None:
    array = np.array([value], np.float32)
    bits = _as_bfloat16(array).astype(np.uint32) << 16
    error = abs(float(bits.view(np.float32)[0]) - value)
    step = max(abs(value) * 2.0**-8, 2.0**-133)
    assert error <= step


@pytest.mark.parametrize("layout", ["plain", "channels_last"])
def test_a_fused_group_in_bfloat16_is_one_kernel_and_nothing_is_converted(layout) -> None:
    if missing_instructions("bfloat16"):
        pytest.skip("this processor has no bfloat16")
    nodes = [("Conv", ["x", "w", "b"], ["c"], {}), ("Relu", ["c"], ["y"], {})]
    brick = chain(nodes, {"x": IMAGE}, {"w": zeros(64, 32, 1, 1), "b": zeros(64)})
    runnable = OpenVino().build(brick, Configuration(dtype="bfloat16", layout=layout))
    assert runnable.notes["kernels"] == "1"
    assert Reference(brick).checked(runnable) < 0.02
