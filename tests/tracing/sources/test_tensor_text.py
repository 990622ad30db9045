from __future__ import annotations

from dlscope.tracing.sources.tensor_text import tensor_attributes


def test_one_tensor() -> None:
    assert tensor_attributes("output", [(1, 16, 6, 6)], ["float32"], 2304) == {
        "output_shape": "1x16x6x6",
        "output_dtype": "float32",
        "output_bytes": 2304,
    }


def test_several_tensors_one_of_them_without_axes_and_no_bytes() -> None:
    assert tensor_attributes("input", [(1, 3), ()], ["float32", "int64"]) == {
        "input_shape": "1x3, scalar",
        "input_dtype": "float32, int64",
    }
