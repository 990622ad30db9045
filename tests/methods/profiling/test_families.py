from __future__ import annotations

import pytest

from dlscope.methods.profiling.families import family


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("Conv", "convolution"),
        ("GroupConvolution", "convolution"),
        ("aten::mkldnn_convolution", "convolution"),
        ("QLinearConv", "convolution"),
        ("Convert", "moving data"),
        ("ReorderOutput", "moving data"),
        ("aten::batch_norm", "normalisation"),
        ("LayerNormalization", "normalisation"),
        ("MaxPool", "pooling"),
        ("ReduceMean", "pooling"),
        ("FullyConnected", "matrix products"),
        ("MatMul", "matrix products"),
        ("Softmax", "attention"),
        ("LSTM", "recurrent layers"),
        ("Clip", "activation"),
        ("aten::relu_", "activation"),
        ("Mul", "element-wise operations"),
        ("Eltwise", "element-wise operations"),
        ("NonMaxSuppression", "NonMaxSuppression"),
        ("", ""),
    ],
)
def test_operators_of_all_frameworks(operator: str, expected: str) -> None:
    assert family(operator) == expected
