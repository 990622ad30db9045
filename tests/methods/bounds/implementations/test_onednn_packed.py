from __future__ import annotations

import pytest
from single_layers import IMAGE, LAYERS, RESIDUAL, chain, zeros

from dlscope.methods.bounds.implementation import Configuration, Unsupported
from dlscope.methods.bounds.implementations.onednn_packed import OneDnnPacked, _packed
from dlscope.methods.bounds.implementations.reference import Reference
from dlscope.methods.bounds.implementations.torch_module import module_of, tensors_of

LAST = Configuration(layout="channels_last")
POINTWISE = {"x": IMAGE, "r": IMAGE}, {"w": zeros(32, 32, 1, 1), "b": zeros(32)}


def with_activation(operator: str, **attributes: object):
    nodes = [("Conv", ["x", "w", "b"], ["c"], {}), (operator, ["c"], ["y"], attributes)]
    return chain(nodes, {"x": IMAGE}, POINTWISE[1], opset=20)


def calls(brick) -> list[str]:
    """The functions that the packed module calls."""
    module = _packed(module_of(brick, "float32"), tensors_of(brick, "float32", "plain"))
    return [str(node.target) for node in module.graph.nodes if node.op == "call_function"]


def checked(brick, way=LAST) -> float:
    return Reference(brick).checked(OneDnnPacked().build(brick, way))


@pytest.mark.parametrize("kind", ["dense", "depthwise", "strided"])
def test_a_convolution_with_packed_weights_is_right(kind) -> None:
    assert OneDnnPacked().configurations(LAYERS[kind])[0] == LAST
    assert checked(LAYERS[kind]) < 1e-5
    assert "mkldnn._convolution_pointwise.default" in calls(LAYERS[kind])


@pytest.mark.parametrize("kind", ["gemm", "matmul by weights"])
def test_a_dense_product_with_packed_weights_is_right(kind) -> None:
    assert OneDnnPacked().configurations(LAYERS[kind])[0] == Configuration()
    assert checked(LAYERS[kind], Configuration()) < 1e-5
    assert calls(LAYERS[kind]) == ["mkldnn._linear_pointwise.default"]


@pytest.mark.parametrize(
    ("operator", "attributes"),
    [
        ("Gelu", {}),
        ("Gelu", {"approximate": "tanh"}),
        ("HardSwish", {}),
        ("LeakyRelu", {"alpha": 0.3}),
        ("Relu", {}),
        ("Sigmoid", {}),
        ("Tanh", {}),
    ],
)
def test_an_activation_that_follows_is_computed_in_the_same_pass(operator, attributes) -> None:
    brick = with_activation(operator, **attributes)
    assert calls(brick) == ["mkldnn._convolution_pointwise.default"]
    assert checked(brick) < 1e-5


def test_a_sum_and_an_activation_are_computed_in_the_same_pass() -> None:
    assert calls(RESIDUAL) == ["mkldnn._convolution_pointwise.binary"]
    assert checked(RESIDUAL) < 1e-5


def test_a_sum_alone_is_computed_in_the_same_pass() -> None:
    nodes = [("Conv", ["x", "w", "b"], ["c"], {}), ("Add", ["r", "c"], ["y"], {})]
    brick = chain(nodes, *POINTWISE)
    assert calls(brick) == ["mkldnn._convolution_pointwise.binary"]
    assert checked(brick) < 1e-5


def test_an_activation_that_onednn_lacks_is_called_by_itself() -> None:
    brick = with_activation("Softplus")
    assert len(calls(brick)) == 2
    assert checked(brick) < 1e-5


def test_says_where_there_is_nothing_to_pack() -> None:
    reason = "there are no float32 weights to be packed"
    assert OneDnnPacked().configurations(LAYERS["relu"]) == [Unsupported(reason, LAST)]
