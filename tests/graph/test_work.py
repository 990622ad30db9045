"""Figures in the first tests are the published ones; the others are computed by hand beside."""

from __future__ import annotations

import itertools

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from dlscope.core.errors import UnsupportedOp
from dlscope.graph.builder import GraphBuilder
from dlscope.graph.ir import Layer
from dlscope.graph.read import read_graph
from dlscope.graph.work import RULES, Work, graph_work, layer_work, parameters
from dlscope.zoo.efficientnet_lite import STAGES, VARIANTS

MS = "com.microsoft"


def constant(*shape: int, dtype: str = "float32") -> np.ndarray:
    return np.ones(shape, dtype)


def layer_of(
    operator: str,
    inputs: list[tuple[int, ...] | np.ndarray | None],
    *results: tuple[int, ...],
    dtype: str = "float32",
    opset: int = 20,
    **attributes: object,
) -> Layer:
    """One layer that gives `results`; a tuple is the shape of an input of `dtype`."""
    declared, weights, names = [], [], []
    for index, each in enumerate(inputs):
        name = "" if each is None else f"i{index}"
        names.append(name)
        if isinstance(each, tuple):
            element = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
            declared.append(helper.make_tensor_value_info(name, element, each))
        elif each is not None:
            weights.append(numpy_helper.from_array(each, name))
    domain, _, plain = operator.rpartition("::")
    outputs = [f"o{index}" for index in range(len(results))]
    node = helper.make_node(plain, names, outputs, domain=domain, **attributes)
    model = helper.make_model(
        helper.make_graph([node], "one", declared, [], initializer=weights),
        opset_imports=[helper.make_opsetid("", opset)]
        + ([helper.make_opsetid(domain, 1)] if domain else []),
        ir_version=9,
    )
    kinds = {"ArgMax": "INT64", "Greater": "BOOL", "Cast": "FLOAT16", "NonZero": "INT64"}
    kinds |= {"ConvInteger": "INT32", "MatMulInteger": "INT32", "QLinearConv": "INT8"}
    kind = getattr(onnx.TensorProto, kinds.get(plain, "FLOAT"))
    for name, shape in zip(outputs, results, strict=True):
        axes = [f"{name}_{axis}" for axis in range(len(shape))]
        model.graph.output.append(helper.make_tensor_value_info(name, kind, axes))
    (layer,) = read_graph(model).layers
    assert [each.shape for each in layer.results] == list(results)
    return layer


def with_input_side(model: onnx.ModelProto, side: int) -> onnx.ModelProto:
    (value,) = (each for each in model.graph.input if each.name == "data_0")
    for axis in (2, 3):
        value.type.tensor_type.shape.dim[axis].dim_value = side
    return model


def with_strides_in_the_1x1(model: onnx.ModelProto) -> onnx.ModelProto:
    """ResNet-50 in its first form, from v1.5: the stride of a block one convolution earlier."""
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    for before, node in itertools.pairwise(convolutions):
        attributes = {each.name: each for each in node.attribute}
        if list(attributes["kernel_shape"].ints) == [3, 3] and attributes["strides"].ints[0] == 2:
            attributes["strides"].ints[:] = [1, 1]
            strides = next(each for each in before.attribute if each.name == "strides")
            strides.ints[:] = [2, 2]
    return model


def test_alexnet_resnet_50_and_vgg_19_take_the_published_macs(light):
    alexnet = with_input_side(onnx.load(light("bvlc_alexnet")), 227)
    assert graph_work(read_graph(alexnet)).total.macs == 724_406_816
    assert graph_work(read_graph(light("vgg19"))).total.macs == 19_632_062_464
    resnet = onnx.load(light("resnet50"))
    assert graph_work(read_graph(resnet)).total.macs == 4_089_184_256
    assert graph_work(read_graph(with_strides_in_the_1x1(resnet))).total.macs == 3_857_973_248


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("bvlc_alexnet", 60_965_224),
        ("resnet50", 25_557_032),
        ("squeezenet", 1_235_496),
        ("vgg19", 143_667_240),
    ],
)
def test_networks_have_the_published_number_of_parameters(light, name, params):
    assert graph_work(read_graph(light(name))).total.params == params


@pytest.mark.parametrize(
    "name",
    [
        *("bvlc_alexnet", "densenet121", "inception_v1", "inception_v2", "resnet50"),
        *("shufflenet", "squeezenet", "vgg19", "zfnet512"),
    ],
)
def test_the_networks_that_onnx_brings_are_counted_completely(light, name):
    work = graph_work(read_graph(light(name)))
    assert work.complete
    assert work.unknown_ops == {}
    assert None not in work.layers
    assert work.total.flops > 2 * work.total.macs > 0


def lite0_macs() -> int:
    """EfficientNet-Lite0 from the table of its stages, without any graph."""
    variant, side, width = VARIANTS["0"], 112, 32
    macs = side * side * 32 * 3 * 9
    for stage, channels, repeats in zip(STAGES, variant.channels, variant.repeats, strict=True):
        for repeat in range(repeats):
            wide = width * stage.expansion
            macs += side * side * width * wide if stage.expansion > 1 else 0
            side = -(-side // (stage.stride if repeat == 0 else 1))
            macs += side * side * wide * (stage.kernel**2 + channels)
            width = channels
    return macs + side * side * width * 1280 + 1280 * 1000


def test_efficientnet_lite0_is_what_its_stages_say_at_every_batch(lite0):
    one, four = (graph_work(read_graph(lite0, {"N": batch})).total for batch in (1, 4))
    assert one.macs == lite0_macs()
    assert four.macs == 4 * one.macs
    assert four.flops == 4 * one.flops
    assert four.params == one.params == 4_631_000


def bert_encoder(layers: int, tokens: int, hidden: int, heads: int) -> onnx.ModelProto:
    """The products of BERT's encoder; weights are inputs, norms and activations left out."""
    builder = GraphBuilder("encoder")
    x = builder.input("x", "float32", (1, tokens, hidden))

    def dense(value: str, name: str, rows: int, columns: int) -> str:
        weight = builder.input(name, "float32", (rows, columns))
        return builder.node("MatMul", [value, weight], output=f"{name}.product")

    def split(value: str, *axes: int) -> str:
        cut = builder.node("Reshape", [value, "heads"])
        return builder.node("Transpose", [cut], perm=axes)

    builder.constant("heads", np.array([1, tokens, heads, hidden // heads]))
    builder.constant("flat", np.array([1, tokens, hidden]))
    for index in range(layers):
        query, key, value = (dense(x, f"{index}.{name}", hidden, hidden) for name in "qkv")
        transposed = split(key, 0, 2, 3, 1)
        scores = builder.node("MatMul", [split(query, 0, 2, 1, 3), transposed])
        mixed = builder.node("MatMul", [scores, split(value, 0, 2, 1, 3)])
        merged = builder.node("Transpose", [mixed], perm=(0, 2, 1, 3))
        x = dense(builder.node("Reshape", [merged, "flat"]), f"{index}.out", hidden, hidden)
        x = dense(x, f"{index}.wide", hidden, 4 * hidden)
        x = dense(x, f"{index}.narrow", 4 * hidden, hidden)
    builder.output(x, "float32", (1, tokens, hidden))
    return builder.finish()


def test_bert_base_takes_the_published_macs():
    graph = read_graph(bert_encoder(layers=12, tokens=128, hidden=768, heads=12))
    assert graph_work(graph).total.macs == 11_173_625_856
    products = [layer for layer in graph.layers if layer.op_type == "MatMul"]
    attention = [layer for layer in products if len(layer.inputs[1].shape) == 4]
    assert sum(layer_work(layer).macs for layer in attention) == 301_989_888


def test_fusing_changes_no_operation_but_spares_bytes(lite0, tmp_path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(tmp_path / "fused.onnx")
    options.log_severity_level = 3
    onnxruntime.InferenceSession(str(lite0), options, providers=["CPUExecutionProvider"])
    fused = graph_work(read_graph(tmp_path / "fused.onnx", {"N": 1}))
    plain = graph_work(read_graph(lite0, {"N": 1}))
    assert fused.complete
    assert (fused.total.macs, fused.total.flops) == (plain.total.macs, plain.total.flops)
    assert fused.total.params == plain.total.params
    assert fused.total.bytes_written < plain.total.bytes_written


def test_a_convolution():
    """Groups, bias, stride: N=2, C=4, K=6, G=2, 3×5 on 9×11 → 4×4."""
    layer = layer_of(
        "Conv",
        [(2, 4, 9, 11), constant(6, 2, 3, 5), constant(6)],
        (2, 6, 4, 4),
        strides=[2, 2],
        group=2,
    )
    macs = 2 * 6 * 4 * 4 * (4 // 2) * 3 * 5
    weights = 6 * 2 * 3 * 5 + 6
    assert layer_work(layer) == Work(
        macs=macs,
        flops=2 * macs,
        bytes_read=4 * (2 * 4 * 9 * 11 + weights),
        bytes_written=4 * 2 * 6 * 4 * 4,
        params=weights,
    )


def test_a_transposed_convolution_counts_from_its_input():
    layer = layer_of(
        "ConvTranspose",
        [(1, 4, 5, 5), constant(4, 3, 3, 3)],
        (1, 6, 11, 11),
        strides=[2, 2],
        group=2,
    )
    assert layer_work(layer).macs == 1 * 4 * 5 * 5 * 3 * 3 * 3
    assert layer_work(layer).params == 4 * 3 * 3 * 3


def test_matrix_products():
    gemm = layer_of("Gemm", [(7, 3), constant(5, 7), constant(5)], (3, 5), transA=1, transB=1)
    assert layer_work(gemm).macs == 3 * 5 * 7
    assert layer_work(gemm).params == 5 * 7 + 5
    broadcast = layer_work(layer_of("MatMul", [(8, 2, 3, 4), constant(4, 5)], (8, 2, 3, 5)))
    assert broadcast == Work(
        macs=16 * 3 * 4 * 5,
        flops=2 * 16 * 3 * 4 * 5,
        bytes_read=4 * (16 * 3 * 4 + 4 * 5),
        bytes_written=4 * 16 * 3 * 5,
        params=20,
    )
    assert layer_work(layer_of("MatMul", [(6,), (2, 6, 4)], (2, 4))).macs == 2 * 4 * 6
    assert layer_work(layer_of("MatMul", [(3, 6), (6,)], (3,))).macs == 3 * 6


def test_a_tensor_taken_twice_is_read_once():
    builder = GraphBuilder("square")
    builder.input("x", "float32", (3, 3))
    builder.node("MatMul", ["x", "x"], output="y")
    builder.output("y", "float32", (3, 3))
    assert graph_work(read_graph(builder.finish())).total.bytes_read == 4 * 9


def test_sums_of_products_in_letters():
    attention = layer_of(
        "Einsum", [(2, 3, 5, 4), (2, 3, 6, 4)], (2, 3, 5, 6), equation="bhqd,bhkd->bhqk"
    )
    assert layer_work(attention).macs == 2 * 3 * 5 * 6 * 4
    turned = layer_of("Einsum", [(2, 3)], (3, 2), equation="ij -> ji")
    assert (layer_work(turned).macs, layer_work(turned).flops) == (0, 0)
    summed = layer_of("Einsum", [(2, 3)], (2,), equation="ij->i")
    assert layer_work(summed).flops == 6
    three = layer_of("Einsum", [(2, 3), (3, 4), (4, 5)], (2, 5), equation="ij,jk,kl->il")
    with pytest.raises(UnsupportedOp):
        layer_work(three)


def test_products_of_whole_numbers_are_macs_as_well():
    weight = constant(4, 3, 3, 3, dtype="int8")
    scale, zero = np.float32(0.1).reshape(()), np.int8(0).reshape(())
    linear = layer_of(
        "QLinearConv",
        [(1, 3, 6, 6), scale, zero, weight, scale, zero, scale, zero, constant(4, dtype="int32")],
        (1, 4, 4, 4),
        dtype="int8",
    )
    assert layer_work(linear).macs == 4 * 4 * 4 * 3 * 9
    assert layer_work(linear).params == 4 * 3 * 9 + 4
    product = layer_of(
        "MatMulInteger", [(2, 3), constant(3, 4, dtype="int8")], (2, 4), dtype="int8"
    )
    assert layer_work(product).macs == 2 * 3 * 4
    assert layer_work(product).bytes_read == 6 + 12


@pytest.mark.parametrize(
    ("operator", "gates", "flops", "transcendental"),
    [("LSTM", 4, 9, 5), ("GRU", 3, 8, 3), ("RNN", 1, 1, 1)],
)
def test_recurrent_layers(operator, gates, flops, transcendental):
    steps, batch, inputs, hidden, directions = 7, 2, 5, 8, 2
    weights = (
        constant(directions, gates * hidden, inputs),
        constant(directions, gates * hidden, hidden),
    )
    layer = layer_of(
        operator,
        [(steps, batch, inputs), *weights],
        (steps, directions, batch, hidden),
        hidden_size=hidden,
        direction="bidirectional",
    )
    work = layer_work(layer)
    cells = steps * batch * directions * hidden
    assert work.macs == cells * gates * (inputs + hidden)
    assert work.flops == 2 * work.macs + cells * flops
    assert work.transcendental == cells * transcendental
    weight_bytes = 4 * directions * gates * hidden * (inputs + hidden)
    assert work.bytes_read == 4 * steps * batch * inputs + weight_bytes
    assert layer_work(layer, cache_bytes=weight_bytes) == work
    again = layer_work(layer, cache_bytes=weight_bytes - 1)
    assert again.bytes_read == work.bytes_read + (steps - 1) * weight_bytes


def test_attention_counts_the_same_fused_and_decomposed():
    """N=2, 3 heads of 4, 5 queries and keys."""
    builder = GraphBuilder("attention")
    for name in "qkv":
        builder.input(name, "float32", (2, 3, 5, 4))
    builder.constant("scale", np.float32(0.5))
    turned = builder.node("Transpose", ["k"], perm=[0, 1, 3, 2])
    scores = builder.node("Mul", [builder.node("MatMul", ["q", turned]), "scale"])
    weights = builder.node("Softmax", [scores], axis=-1)
    builder.node("MatMul", [weights, "v"], output="y")
    builder.output("y", "float32", (2, 3, 5, 4))
    decomposed = graph_work(read_graph(builder.finish())).total
    heads = [(2, 3, 5, 4)] * 3
    flat = [(2, 5, 12)] * 3
    fused = [
        layer_of("Attention", heads, (2, 3, 5, 4), opset=23),
        layer_of("Attention", flat, (2, 5, 12), opset=23, q_num_heads=3, kv_num_heads=3),
        layer_of(f"{MS}::MultiHeadAttention", flat, (2, 5, 12), num_heads=3),
    ]
    for layer in fused:
        work = layer_work(layer)
        assert work.macs == decomposed.macs == 2 * 3 * (5 * 5 * 4) * 2
        assert work.flops == decomposed.flops
        assert work.transcendental == decomposed.transcendental == 2 * 3 * 5 * 5


def test_attention_with_its_projection():
    shapes = [(2, 5, 7), constant(7, 36), constant(36)]
    work = layer_work(layer_of(f"{MS}::Attention", shapes, (2, 5, 12), num_heads=3))
    assert work.macs == 2 * 5 * 7 * 36 + 2 * 5 * 5 * (12 + 12)
    assert work.params == 7 * 36 + 36


SHAPE = (2, 4, 6)
COUNT = 48


@pytest.mark.parametrize(
    ("operator", "flops", "transcendental"),
    [
        ("Relu", 1, 0),
        ("Sigmoid", 1, 1),
        ("Tanh", 1, 1),
        ("Erf", 1, 1),
        ("Exp", 1, 1),
        ("Sqrt", 1, 0),
        ("LeakyRelu", 2, 0),
        ("HardSigmoid", 4, 0),
        ("HardSwish", 5, 0),
        ("Mish", 5, 3),
        ("Gelu", 5, 1),
        ("Softmax", 5, 1),
        ("LogSoftmax", 5, 1),
    ],
)
def test_operations_of_each_element(operator, flops, transcendental):
    assert layer_work(layer_of(operator, [SHAPE], SHAPE)) == Work(
        flops=flops * COUNT,
        transcendental=transcendental * COUNT,
        bytes_read=4 * COUNT,
        bytes_written=4 * COUNT,
    )


def test_a_gelu_counts_the_same_decomposed():
    builder = GraphBuilder("gelu")
    x = builder.input("x", "float32", SHAPE)
    for name, value in (("root", 2**0.5), ("one", 1), ("half", 0.5)):
        builder.constant(name, np.float32(value))
    inner = builder.node("Erf", [builder.node("Div", [x, "root"])])
    outer = builder.node("Mul", [x, builder.node("Add", [inner, "one"])])
    builder.node("Mul", [outer, "half"], output="y")
    builder.output("y", "float32", SHAPE)
    decomposed = graph_work(read_graph(builder.finish())).total
    fused = layer_work(layer_of("Gelu", [SHAPE], SHAPE))
    assert (decomposed.flops, decomposed.transcendental) == (fused.flops, fused.transcendental)
    assert decomposed.params == 0
    tanh = layer_work(layer_of("Gelu", [SHAPE], SHAPE, approximate="tanh"))
    assert tanh.flops == 9 * COUNT
    biased = layer_work(layer_of(f"{MS}::BiasGelu", [SHAPE, constant(6)], SHAPE))
    assert (biased.flops, biased.params) == (6 * COUNT, 6)


def test_a_clip_compares_with_the_bounds_it_has():
    bound = np.float32(6).reshape(())
    assert layer_work(layer_of("Clip", [SHAPE, bound, bound], SHAPE)).flops == 2 * COUNT
    assert layer_work(layer_of("Clip", [SHAPE, None, bound], SHAPE)).flops == COUNT
    assert layer_work(layer_of("Clip", [SHAPE, bound, bound], SHAPE)).params == 0


@pytest.mark.parametrize(
    ("exponent", "flops", "transcendental"), [(2.0, 1, 0), (3.0, 2, 0), (0.5, 1, 0), (1.7, 1, 1)]
)
def test_a_power_is_transcendental_unless_it_is_easy(exponent, flops, transcendental):
    power = layer_work(layer_of("Pow", [SHAPE, np.array(exponent, np.float32)], SHAPE))
    assert (power.flops, power.transcendental) == (flops * COUNT, transcendental * COUNT)


def test_broadcast_and_several_operands():
    added = layer_work(layer_of("Add", [SHAPE, (6,)], SHAPE))
    assert (added.flops, added.bytes_read) == (COUNT, 4 * (COUNT + 6))
    assert layer_work(layer_of("Sum", [SHAPE] * 4, SHAPE)).flops == 3 * COUNT
    assert layer_work(layer_of("Mean", [SHAPE] * 4, SHAPE)).flops == 4 * COUNT
    compared = layer_work(layer_of("Greater", [SHAPE, SHAPE], SHAPE))
    assert (compared.flops, compared.bytes_written) == (COUNT, COUNT)


@pytest.mark.parametrize(
    ("operator", "constants", "flops", "params", "attributes"),
    [
        ("BatchNormalization", 4, 2, 8, {}),
        ("InstanceNormalization", 2, 7, 8, {"epsilon": 1e-5}),
    ],
)
def test_normalisations_of_channels(operator, constants, flops, params, attributes):
    inputs = [SHAPE, *([constant(4)] * constants)]
    work = layer_work(layer_of(operator, inputs, SHAPE, **attributes))
    assert (work.flops, work.params) == (flops * COUNT, params)
    assert work.bytes_read == 4 * (COUNT + 4 * constants)


def test_normalisations_of_the_last_axis():
    weights = [constant(6), constant(6)]
    layer = layer_of("LayerNormalization", [SHAPE, *weights], SHAPE)
    assert (layer_work(layer).flops, layer_work(layer).params) == (7 * COUNT, 12)
    group = layer_of(
        "GroupNormalization", [SHAPE, constant(4), constant(4)], SHAPE, opset=21, num_groups=2
    )
    assert layer_work(group).flops == 7 * COUNT
    skip = layer_of(f"{MS}::SkipLayerNormalization", [SHAPE, SHAPE, *weights], SHAPE)
    assert (layer_work(skip).flops, layer_work(skip).bytes_read) == (
        8 * COUNT,
        4 * (2 * COUNT + 12),
    )
    local = layer_of("LRN", [(1, 8, 3, 3)], (1, 8, 3, 3), size=5)
    assert (layer_work(local).flops, layer_work(local).transcendental) == (10 * 72, 72)


def test_pools_and_reductions():
    image = (1, 3, 8, 8)
    window = {"kernel_shape": [3, 2], "strides": [2, 2]}
    assert layer_work(layer_of("MaxPool", [image], (1, 3, 3, 4), **window)).flops == 36 * 6
    assert layer_work(layer_of("AveragePool", [image], (1, 3, 3, 4), **window)).flops == 36 * 6
    assert layer_work(layer_of("GlobalAveragePool", [image], (1, 3, 1, 1))).flops == 192
    axes = np.array([1])
    mean = layer_of("ReduceMean", [SHAPE, axes], (2, 6), keepdims=0)
    assert layer_work(mean).flops == COUNT + 12
    norm = layer_of("ReduceLogSumExp", [SHAPE, axes], (2, 1, 6))
    assert (layer_work(norm).flops, layer_work(norm).transcendental) == (2 * COUNT + 12, COUNT + 12)
    assert layer_work(layer_of("ArgMax", [SHAPE], (1, 4, 6))).bytes_written == 8 * 24


@pytest.mark.parametrize(
    ("operator", "inputs", "result", "attributes"),
    [
        ("Reshape", [SHAPE, np.array([8, 6])], (8, 6), {}),
        ("Flatten", [SHAPE], (2, 24), {}),
        ("Squeeze", [(1, 4)], (4,), {}),
        ("Unsqueeze", [SHAPE, np.array([0])], (1, 2, 4, 6), {}),
        ("Identity", [SHAPE], SHAPE, {}),
        ("Dropout", [SHAPE], SHAPE, {}),
    ],
)
def test_views_cost_nothing(operator, inputs, result, attributes):
    assert layer_work(layer_of(operator, inputs, result, **attributes)) == Work()


@pytest.mark.parametrize(
    ("operator", "inputs", "result", "attributes", "read"),
    [
        ("Transpose", [SHAPE], (6, 4, 2), {}, COUNT),
        ("Concat", [SHAPE, SHAPE], (4, 4, 6), {"axis": 0}, 2 * COUNT),
        ("Slice", [SHAPE, np.array([1]), np.array([3]), np.array([1])], (2, 2, 6), {}, 24),
        ("Pad", [(2, 3), np.array([0, 1, 0, 1])], (2, 5), {}, 6),
        ("Expand", [(1, 3), np.array([4, 3])], (4, 3), {}, 3),
        (
            "Resize",
            [(1, 2, 3, 3), None, np.array([1, 1, 2, 2], np.float32)],
            (1, 2, 6, 6),
            {},
            18,
        ),
    ],
)
def test_what_moves_reads_what_it_uses(operator, inputs, result, attributes, read):
    work = layer_work(layer_of(operator, inputs, result, **attributes))
    written = int(np.prod(result))
    assert work == Work(bytes_read=4 * read, bytes_written=4 * written)


def test_a_gather_reads_the_rows_it_takes_from_a_trained_table():
    builder = GraphBuilder("embedding")
    builder.input("ids", "int64", (1, 3))
    builder.node("Gather", [builder.constant("table", constant(100, 6)), "ids"], output="y")
    builder.output("y", "float32", (1, 3, 6))
    assert graph_work(read_graph(builder.finish())).total == Work(
        bytes_read=4 * 18 + 8 * 3, bytes_written=4 * 18, params=600
    )


def test_a_cast_writes_the_smaller_type():
    work = layer_work(layer_of("Cast", [SHAPE], SHAPE, to=onnx.TensorProto.FLOAT16))
    assert work == Work(bytes_read=4 * COUNT, bytes_written=2 * COUNT)


def unknown() -> onnx.ModelProto:
    builder = GraphBuilder("unknown")
    x = builder.input("x", "float32", (1, 3, 8, 8))
    grid = builder.input("grid", "float32", (1, 8, 8, 2))
    for _ in range(2):
        x = builder.node("GridSample", [x, grid])
    builder.node("Relu", [x], output="y")
    builder.output("y", "float32", (1, 3, 8, 8))
    return builder.finish()


def test_operators_without_a_rule_are_reported_and_never_count_as_nothing():
    graph = read_graph(unknown())
    work = graph_work(graph)
    assert not work.complete
    assert work.unknown_ops == {"GridSample": 2}
    assert work.layers[:2] == (None, None)
    assert work.total == work.layers[2]
    with pytest.raises(UnsupportedOp) as caught:
        layer_work(graph.layers[0])
    assert caught.value.what == "no rule counts the work of GridSample"
    assert caught.value.where == "layer GridSample_0"
    assert caught.value.fix == (
        "pass rules with one for it, or count the graph and see its unknown_ops"
    )


def test_a_rule_of_ones_own_completes_the_count():
    rules = {**RULES, "GridSample": lambda layer: Work(flops=7 * layer.results[0].elements)}
    work = graph_work(read_graph(unknown()), rules=rules)
    assert work.complete
    assert work.total.flops == (7 + 7 + 1) * 192


def test_a_weight_that_layers_share_counts_once():
    builder = GraphBuilder("shared")
    x = builder.input("x", "float32", (1, 3))
    builder.constant("w", constant(3, 3))
    for _ in range(2):
        x = builder.node("MatMul", [x, "w"])
    builder.output(x, "float32", (1, 3))
    graph = read_graph(builder.finish())
    work = graph_work(graph)
    assert [each.params for each in work.layers] == [9, 9]
    assert work.total.params == 9
    assert [each.name for each in parameters(graph.layers[0])] == ["w"]


def test_every_rule_is_of_an_operator_that_exists():
    known = {schema.name for schema in onnx.defs.get_all_schemas() if not schema.domain}
    plain = {name for name in RULES if "::" not in name}
    assert plain <= known
