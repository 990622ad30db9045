from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.graph.builder import GraphBuilder
from dlscope.graph.dag import Dag
from dlscope.graph.ir import Graph
from dlscope.graph.read import read_graph
from dlscope.methods.bounds.costed import Cost, Costed, CostedLayer, FusedGroup
from dlscope.methods.bounds.fusion_patterns import ELEMENTWISE_CHAIN, fusible_groups
from dlscope.zoo.resnet import build

IMAGE = (1, 4, 8, 8)


class Net:
    """A graph under construction whose layers are called as they are asked for."""

    def __init__(self, shape: tuple[int, ...] = IMAGE) -> None:
        self.builder = GraphBuilder("net")
        self.shape = shape
        self.x = self.builder.input("x", "float32", shape)

    def input(self, name: str, shape: tuple[int, ...] | None = None) -> str:
        return self.builder.input(name, "float32", shape or self.shape)

    def node(self, operator: str, *inputs: object, output: str = "", **attributes: object) -> str:
        """A layer of tensors, by name, and constants."""
        names = [
            each if isinstance(each, str) else self.builder.constant(f"{output}_{place}", each)
            for place, each in enumerate(inputs)
        ]
        return self.builder.node(operator, names, output=output, **attributes)

    def conv(self, value: str, output: str, *, bias: bool = False) -> str:
        biases = [ones(4)] if bias else []
        return self.node("Conv", value, ones(4, 4, 1, 1), *biases, output=output)

    def finish(self, *outputs: str, shape: tuple[int, ...] | None = None) -> Graph:
        for each in outputs:
            self.builder.output(each, "float32", shape or self.shape)
        return read_graph(self.builder.finish())


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def found(graph: Graph) -> dict[tuple[str, ...], str]:
    """The pattern of each group, by the names of its layers."""
    return {
        tuple(layer.name for layer in group.layers): group.pattern
        for group in fusible_groups(graph)
    }


def chained(*layers: Callable[[Net, str], str]) -> Graph:
    """One layer after the other."""
    net = Net()
    value = net.x
    for layer in layers:
        value = layer(net, value)
    return net.finish(value)


def conv(net: Net, value: str) -> str:
    return net.conv(value, "conv")


def biased_conv(net: Net, value: str) -> str:
    return net.conv(value, "conv", bias=True)


def bias(net: Net, value: str) -> str:
    return net.node("Add", value, ones(4, 1, 1), output="bias")


def norm(net: Net, value: str) -> str:
    return net.node("BatchNormalization", value, *[ones(4)] * 4, output="norm")


def relu(net: Net, value: str) -> str:
    return net.node("Relu", value, output="relu")


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ((conv, bias), {("conv", "bias"): "Conv→Bias"}),
        (
            (conv, bias, relu),
            {
                ("conv", "bias"): "Conv→Bias",
                ("conv", "bias", "relu"): "Conv→Bias→Act",
                ("bias", "relu"): ELEMENTWISE_CHAIN,
            },
        ),
        ((biased_conv, relu), {("conv", "relu"): "Conv→Bias→Act"}),
        ((conv, relu), {("conv", "relu"): "Conv→Act"}),
        ((conv, norm), {("conv", "norm"): "Conv→BN"}),
        (
            (conv, norm, relu),
            {
                ("conv", "norm"): "Conv→BN",
                ("conv", "norm", "relu"): "Conv→BN→Act",
                ("norm", "relu"): ELEMENTWISE_CHAIN,
            },
        ),
        ((norm, relu, conv), {("norm", "relu"): ELEMENTWISE_CHAIN}),
        ((conv,), {}),
    ],
)
def test_what_follows_a_convolution(layers, expected) -> None:
    assert found(chained(*layers)) == expected


@pytest.mark.parametrize(
    ("operator", "constants"),
    [
        ("Clip", (np.float32(0), np.float32(6))),
        ("PRelu", (ones(4, 1, 1),)),
        ("HardSwish", ()),
        ("LeakyRelu", ()),
        ("Sigmoid", ()),
    ],
)
def test_any_activation_with_constant_parameters_follows(operator, constants) -> None:
    graph = chained(conv, lambda net, value: net.node(operator, value, *constants, output="act"))
    assert found(graph) == {("conv", "act"): "Conv→Act"}


def test_a_residual_block_joins_the_branch_of_the_head() -> None:
    net = Net()
    value = net.node("Add", net.conv(net.x, "conv"), net.x, output="add")
    assert found(net.finish(net.node("Relu", value, output="relu"))) == {
        ("conv", "add"): "Conv→Add",
        ("conv", "add", "relu"): "Conv→Add→Act",
        ("add", "relu"): ELEMENTWISE_CHAIN,
    }


def test_both_branches_of_a_sum_may_be_its_head() -> None:
    """Neither waits for the other: whichever is fused, the other is made before it begins."""
    net = Net()
    left, right = net.conv(net.x, "left"), net.conv(net.x, "right")
    graph = net.finish(net.node("Add", left, right, output="add"))
    assert found(graph) == {("left", "add"): "Conv→Add", ("right", "add"): "Conv→Add"}


def test_what_is_spread_over_the_image_is_no_residual() -> None:
    net = Net()
    value = net.node("Add", net.conv(net.x, "conv"), net.input("v", (1, 4, 1, 1)), output="add")
    assert found(net.finish(value)) == {}


def test_what_two_layers_take_ends_a_group() -> None:
    net = Net()
    value = net.conv(net.x, "conv")
    one, other = net.node("Relu", value, output="one"), net.node("Sigmoid", value, output="other")
    assert found(net.finish(one, other)) == {}


def test_a_graph_output_ends_a_group() -> None:
    net = Net()
    value = net.conv(net.x, "conv")
    assert found(net.finish(value, net.node("Relu", value, output="relu"))) == {}


def test_a_constant_that_is_no_bias_is_none() -> None:
    net = Net()
    value = net.node("Add", net.conv(net.x, "conv"), ones(8), output="add")
    assert found(net.finish(value)) == {}


@pytest.mark.parametrize(
    ("operator", "expected"),
    [("MatMul", "MatMul→Bias→Act"), ("Gemm", "Gemm→Bias→Act")],
)
def test_a_product_with_bias_and_activation(operator, expected) -> None:
    net = Net((2, 4))
    value = net.node(operator, net.x, ones(4, 4), output="fc")
    value = net.node("Add", value, ones(4), output="bias")
    groups = found(net.finish(net.node("Relu", value, output="relu")))
    assert groups["fc", "bias", "relu"] == expected
    assert groups["fc", "bias"] == expected.removesuffix("→Act")


def test_the_bias_inside_of_a_gemm_is_in_the_name() -> None:
    net = Net((2, 4))
    value = net.node("Gemm", net.x, ones(4, 4), ones(4), output="fc")
    graph = net.finish(net.node("Relu", value, output="relu"))
    assert found(graph) == {("fc", "relu"): "Gemm→Bias→Act"}


def attention(*, scale: bool, mask: bool, values_last: bool = False, axis: int = -1) -> Graph:
    """One head of 3 queries; the values are projected before the scores, or after."""
    net = Net((3, 4))
    k, m = net.input("k", (4, 3)), net.input("m", (3, 3))
    v = "" if values_last else net.node("MatMul", net.x, ones(4, 4), output="v")
    value = net.node("MatMul", net.x, k, output="scores")
    if scale:
        value = net.node("Div", value, np.float32(2), output="scale")
    if mask:
        value = net.node("Add", value, m, output="mask")
    value = net.node("Softmax", value, output="softmax", axis=axis)
    v = v or net.node("MatMul", net.x, ones(4, 4), output="v")
    return net.finish(net.node("MatMul", value, v, output="out"))


@pytest.mark.parametrize("values_last", [False, True])
@pytest.mark.parametrize(
    ("scale", "mask", "pattern"),
    [
        (True, True, "MatMul→Scale→Mask→Softmax→MatMul"),
        (True, False, "MatMul→Scale→Softmax→MatMul"),
        (False, True, "MatMul→Mask→Softmax→MatMul"),
        (False, False, "MatMul→Softmax→MatMul"),
    ],
)
def test_attention_is_one_group_wherever_its_values_stand(
    scale, mask, pattern, values_last
) -> None:
    names = ["scores", *["scale"] * scale, *["mask"] * mask, "softmax", "out"]
    groups = found(attention(scale=scale, mask=mask, values_last=values_last))
    assert groups.pop(tuple(names)) == pattern
    assert set(groups.values()) <= {ELEMENTWISE_CHAIN}


def test_attention_is_over_the_last_axis() -> None:
    assert found(attention(scale=False, mask=False, axis=0)) == {}


def test_attention_multiplies_activations() -> None:
    net = Net((3, 4))
    value = net.node("MatMul", net.x, ones(4, 3), output="scores")
    value = net.node("Softmax", value, output="softmax")
    value = net.node("MatMul", value, net.input("v", (3, 4)), output="out")
    assert found(net.finish(value)) == {}


def test_attention_weighs_activations() -> None:
    net = Net((3, 4))
    value = net.node("MatMul", net.x, net.input("k", (4, 3)), output="scores")
    value = net.node("Softmax", value, output="softmax")
    assert found(net.finish(net.node("MatMul", value, ones(3, 4), output="out"))) == {}


def test_a_mask_may_put_numbers_in_the_place_of_scores() -> None:
    net = Net((3, 4))
    mask = net.builder.input("mask", "bool", (3, 3))
    value = net.node("MatMul", net.x, net.input("k", (4, 3)), output="scores")
    value = net.node("Where", mask, value, np.float32(-1e9), output="masked")
    value = net.node("Softmax", value, output="softmax")
    graph = net.finish(net.node("MatMul", value, net.input("v", (3, 4)), output="out"))
    names = ("scores", "masked", "softmax", "out")
    assert found(graph) == {names: "MatMul→Mask→Softmax→MatMul"}


def test_a_number_divided_by_scores_is_no_scale() -> None:
    net = Net((3, 4))
    value = net.node("MatMul", net.x, net.input("k", (4, 3)), output="scores")
    value = net.node("Div", np.float32(2), value, output="inverse")
    value = net.node("Softmax", value, output="softmax")
    assert found(net.finish(net.node("MatMul", value, net.input("v", (3, 4)), output="out"))) == {}


def test_a_norm_without_a_linear_layer_is_alone() -> None:
    net = Net((3, 4))
    value = net.node("LayerNormalization", net.x, ones(4), ones(4), output="norm")
    value = net.node("Add", value, ones(4), output="bias")
    assert found(net.finish(net.node("MatMul", value, ones(4, 4), output="fc"))) == {}


def test_a_norm_goes_with_the_linear_layer_behind_it() -> None:
    net = Net((3, 4))
    value = net.node("LayerNormalization", net.x, ones(4), ones(4), output="norm")
    value = net.node("MatMul", value, ones(4, 4), output="fc")
    assert found(net.finish(net.node("Add", value, ones(4), output="bias"))) == {
        ("norm", "fc"): "LayerNorm→Linear",
        ("norm", "fc", "bias"): "LayerNorm→Linear",
        ("fc", "bias"): "MatMul→Bias",
    }


def test_a_norm_that_several_linear_layers_take_goes_with_none() -> None:
    net = Net((3, 4))
    value = net.node("LayerNormalization", net.x, ones(4), ones(4), output="norm")
    q, k = (net.node("MatMul", value, ones(4, 4), output=name) for name in "qk")
    assert found(net.finish(q, k)) == {}


def gelu(net: Net, x: str) -> str:
    """½x · (1 + erf(x / √2)) as exporters write it."""
    value = net.node("Erf", net.node("Div", x, np.float32(1.4), output="div"), output="erf")
    value = net.node("Add", value, np.float32(1), output="add")
    value = net.node("Mul", x, value, output="times")
    return net.node("Mul", value, np.float32(0.5), output="half")


def test_every_part_of_a_chain_is_a_group() -> None:
    graph = chained(gelu)
    names = ("div", "erf", "add", "times", "half")
    parts = {names[i:j] for i in range(5) for j in range(i + 2, 6)}
    assert found(graph) == dict.fromkeys(parts, ELEMENTWISE_CHAIN)


def test_chains_are_cut_at_the_longest_that_is_asked_for() -> None:
    lengths = Counter(len(group.layers) for group in fusible_groups(chained(gelu), longest_chain=3))
    assert lengths == {2: 4, 3: 3}


def test_a_chain_ends_where_the_shape_changes() -> None:
    net = Net((1, 4))
    value = net.node("Relu", net.x, output="relu")
    value = net.node("Add", value, ones(3, 4), output="spread")
    assert found(net.finish(value, shape=(3, 4))) == {}


def test_groups_of_a_published_network() -> None:
    """ResNet-18: 20 convolutions with batch norm, 8 of them into a residual sum from each side."""
    options = {"depth": "18", "seed": "1"}
    graph = read_graph(onnx.load_from_string(build(None, options)), bindings={"N": 1})
    patterns = Counter(group.pattern for group in fusible_groups(graph))
    assert patterns["Conv→BN"] == 20
    assert patterns["Conv→BN→Act"] == 9  # the first one, and the first of each of 8 blocks
    assert patterns["Conv→BN→Add"] == patterns["Conv→BN→Add→Act"] == 8 + 3  # 3 short cuts


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6), st.integers(0, 6)), min_size=1))
def test_any_groups_that_are_found_can_be_fused(drawn) -> None:
    """Random layers on earlier values: each group only ends in its last layer, none in a circle."""
    net = Net()
    values = [net.x]
    for index, (kind, first, second) in enumerate(drawn[:9]):
        one, other = values[-1 - first % len(values)], values[-1 - second % len(values)]
        name = f"n{index}"
        operands = (one, other) if kind == 0 else (one,)
        operator = ("Add", "Relu", "Sigmoid", "")[kind]
        values.append(
            net.node(operator, *operands, output=name) if operator else net.conv(one, name)
        )
    graph = net.finish(values[-1])
    layers = tuple(
        CostedLayer(each.id, each.name, each.op_type, (Cost(1, "one"),)) for each in graph.layers
    )
    groups = tuple(FusedGroup(each.pattern, each.ids) for each in fusible_groups(graph))
    costed = Costed("net", layers, Dag.of_graph(graph).predecessors, groups)
    used: set[int] = set()
    apart = [g for g in groups if used.isdisjoint(g.layers) and not used.update(g.layers)]
    merged = sum(len(group.layers) - 1 for group in apart)
    contracted = costed.dag.contracted([group.layers for group in apart])
    assert len(contracted.nodes) == len(layers) - merged
