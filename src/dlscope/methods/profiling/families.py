"""What a layer does, in words that are the same for all frameworks."""

from __future__ import annotations

from collections.abc import Mapping

_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "moving data": (
        *("reorder", "transpose", "reshape", "flatten", "concat", "split", "slice", "pad", "copy"),
        *("gather", "squeeze", "expand", "tile", "permute", "resize", "upsample", "convert"),
    ),
    "normalisation": ("norm", "lrn"),
    "pooling": ("pool", "reducemean"),
    "convolution": ("conv",),
    "recurrent layers": ("lstm", "gru", "rnn"),
    "matrix products": ("gemm", "matmul", "linear", "fullyconnected", "innerproduct", "einsum"),
    "attention": ("attention", "softmax"),
    "activation": ("relu", "clip", "clamp", "sigmoid", "swish", "mish", "gelu", "tanh", "erf"),
    "element-wise operations": ("add", "mul", "sub", "div", "eltwise", "sum", "pow", "sqrt"),
}
"""Parts of operators' names in lower case; the first that is found counts."""


def family(operator: str) -> str:
    """What `operator` does; the operator itself where that is not known.

    >>> family("GroupConvolution"), family("aten::batch_norm"), family("TopK")
    ('convolution', 'normalisation', 'TopK')
    """
    word = operator.lower().replace("_", "")
    found = (name for name, parts in _FAMILIES.items() if any(part in word for part in parts))
    return next(found, operator)
