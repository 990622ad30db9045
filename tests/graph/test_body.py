from __future__ import annotations

import base64

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

pytest.importorskip("onnxruntime")

from chained import answers, chained, drawn_feeds

from dlscope.graph.body import (
    body_from_text,
    body_text,
    domains_of,
    drawn_weight,
    is_discrete,
    is_steering,
    numbered_body,
    value_name,
)
from dlscope.graph.brick import Brick
from dlscope.graph.brick_model import brick_feeds, brick_model
from dlscope.graph.ir import Graph
from dlscope.graph.read import read_graph
from dlscope.graph.segment import Segment

SECRET = "secret"
FLOAT = TensorProto.FLOAT


def weight(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def named(array, name: str) -> TensorProto:
    tensor = numpy_helper.from_array(np.asarray(array), name)
    tensor.doc_string = f"{SECRET} weight"
    return tensor


def declared(name: str, *shape, element: int = FLOAT) -> onnx.ValueInfoProto:
    value = helper.make_tensor_value_info(name, element, list(shape))
    value.doc_string = f"{SECRET} value"
    return value


def branch(seed: int, name: str = "secret") -> onnx.GraphProto:
    """Takes `x` from outside: a product, a bound, and a shape that is a constant of the branch."""
    numbers = helper.make_node(
        "Constant", [], [f"{name}_c"], value_floats=weight(5, seed=seed).tolist()
    )
    nodes = [
        helper.make_node("MatMul", ["x", f"{name}_w"], [f"{name}_h"], name=f"{name}_node"),
        helper.make_node("Clip", [f"{name}_h", f"{name}_least"], [f"{name}_k"]),
        numbers,
        helper.make_node("Add", [f"{name}_k", f"{name}_c"], [f"{name}_a"], doc_string=SECRET),
        helper.make_node("Reshape", [f"{name}_a", f"{name}_shape"], [f"{name}_y"]),
    ]
    constants = [
        named(weight(4, 5, seed=seed), f"{name}_w"),
        named(np.float32(-0.5), f"{name}_least"),
        named(np.array([5, 2]), f"{name}_shape"),
    ]
    return helper.make_graph(
        nodes, f"{name}_graph", [], [declared(f"{name}_y", "secret_axis", 2)], constants
    )


def choice(seeds: tuple[int, int] = (1, 2), name: str = "secret") -> onnx.ModelProto:
    """`If` the sum of `x` is positive, one branch, else the other."""
    nodes = [
        helper.make_node("ReduceSum", ["x"], ["sum"], keepdims=0),
        helper.make_node("Greater", ["sum", "zero"], ["is_positive"]),
        helper.make_node(
            "If",
            ["is_positive"],
            ["y"],
            then_branch=branch(seeds[0], name),
            else_branch=branch(seeds[1], name),
        ),
    ]
    return model(nodes, {"x": (2, 4)}, {"y": (5, 2)}, {"zero": np.float32(0)})


def loop(limit: int = 3) -> onnx.ModelProto:
    """Three times `x ← relu(x · w)`, each result kept, with an `If` in the body."""
    deeper = [
        helper.make_graph(
            [helper.make_node(operator, ["secret_h"], [f"secret_{operator}"])],
            "secret",
            [],
            [declared(f"secret_{operator}", 2, 4)],
        )
        for operator in ("Relu", "Neg")
    ]
    body = helper.make_graph(
        [
            helper.make_node("MatMul", ["secret_state", "secret_w"], ["secret_h"]),
            helper.make_node(
                "If",
                ["secret_go"],
                ["secret_next"],
                then_branch=deeper[0],
                else_branch=deeper[1],
            ),
            helper.make_node("Identity", ["secret_go"], ["secret_on"]),
            helper.make_node("Add", ["secret_next", "x"], ["secret_kept"]),
        ],
        "secret_body",
        [
            declared("secret_i", element=TensorProto.INT64),
            declared("secret_go", element=TensorProto.BOOL),
            declared("secret_state", 2, 4),
        ],
        [
            declared("secret_on", element=TensorProto.BOOL),
            declared("secret_next", 2, 4),
            declared("secret_kept", 2, 4),
        ],
        [named(weight(4, 4), "secret_w")],
    )
    node = helper.make_node("Loop", ["limit", "go", "x"], ["last", "all"], body=body)
    constants = {"limit": np.int64(limit), "go": np.bool_(True)}
    return model([node], {"x": (2, 4)}, {"last": (2, 4), "all": (limit, 2, 4)}, constants)


def model(nodes, inputs, outputs, constants) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "net",
        [declared(name, *shape) for name, shape in inputs.items()],
        [declared(name, *shape) for name, shape in outputs.items()],
        [named(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def whole(graph: Graph) -> Brick:
    return Brick.of(Segment(graph, graph.layers))


MODELS = {"If": choice, "Loop": loop}


def bodies_of(graph: Graph) -> list[onnx.GraphProto]:
    values = (value for layer in graph.layers for value in layer.attributes.values())
    return [value for value in values if isinstance(value, onnx.GraphProto)]


@pytest.mark.parametrize("name", MODELS)
def test_a_text_has_no_names_and_no_weights_of_the_source(name):
    for body in bodies_of(read_graph(MODELS[name]())):
        assert SECRET.encode() in body.SerializeToString()
        text = base64.b64decode(body_text(body, {"x": 3}))
        assert SECRET.encode() not in text
        for scale in (weight(4, 5, seed=1), weight(4, 5, seed=2), weight(5, seed=1), weight(4, 4)):
            assert scale.tobytes()[:8] not in text


@pytest.mark.parametrize("name", MODELS)
def test_a_brick_with_a_body_can_be_rebuilt_and_run(name):
    graph = read_graph(MODELS[name]())
    brick = Brick.from_json(whole(graph).to_json())
    outputs = answers(brick_model(brick), brick_feeds(brick))
    assert [each.shape for each in outputs.values()] == [each.shape for each in graph.outputs]
    assert all(np.isfinite(each).all() for each in outputs.values())


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("granularity", [1, 3])
def test_a_segment_keeps_the_weights_of_its_bodies(name, granularity):
    source = MODELS[name]()
    graph = read_graph(source)
    feeds = drawn_feeds(graph)
    expected = answers(source, feeds)
    for got, wanted in zip(chained(graph, granularity, feeds), expected.values(), strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_names_and_weights_in_bodies_do_not_matter():
    first = whole(read_graph(choice()))
    assert whole(read_graph(choice(name="secret_other"))).id == first.id
    assert whole(read_graph(choice(seeds=(8, 9)))).id == first.id


def test_what_a_body_does_matters():
    assert whole(read_graph(loop(3))).id != whole(read_graph(loop(2))).id
    changed = choice()
    changed.graph.node[2].attribute[0].g.node[1].op_type = "Max"
    assert whole(read_graph(changed)).id != whole(read_graph(choice())).id


def test_constants_that_a_body_takes_from_outside_matter():
    """The bound of a `Clip` in both branches, held by the graph around them."""
    bricks = []
    for bound in (0.25, 0.5):
        source = choice()
        source.graph.initializer.append(named(np.float32(bound), "bound"))
        for attribute in source.graph.node[2].attribute:
            attribute.g.node[1].input[1] = "bound"
        bricks.append(whole(read_graph(source)))
    assert bricks[0].id != bricks[1].id


def test_small_integers_and_bounds_stay_in_a_body():
    (text, *_) = (body_text(each, {"x": 0}) for each in bodies_of(read_graph(choice())))
    arrays = [numpy_helper.to_array(each) for each in body_from_text(text).initializer]
    assert arrays[1] == np.float32(-0.5)
    assert arrays[1].shape == ()
    assert arrays[2].tolist() == [5, 2]
    assert arrays[0].shape == (4, 5)


def test_many_integers_are_drawn():
    node = helper.make_node("Identity", ["w"], ["y"])
    for dtype, low, high in ((np.int8, -7, 7), (np.uint8, 0, 15), (np.int64, 1, 1)):
        body = helper.make_graph(
            [node], "b", [], [declared("y", 65)], [named(np.full(65, 99, dtype), "w")]
        )
        (again,) = body_from_text(body_text(body, {})).initializer
        array = numpy_helper.to_array(again)
        assert (array.dtype, array.shape) == (np.dtype(dtype), (65,))
        assert low <= array.min() <= array.max() <= high


def test_numbers_that_decide_a_shape_stay_however_many():
    node = helper.make_node("Resize", ["x", "", "secret"], ["y"])
    scales = np.array([1, 2], np.float32)
    body = helper.make_graph([node], "b", [], [declared("y", 2, 4)], [named(scales, "secret")])
    (again,) = body_from_text(body_text(body, {"x": 0})).initializer
    np.testing.assert_array_equal(numpy_helper.to_array(again), scales)


def test_the_same_text_gives_the_same_body():
    (body, *_) = bodies_of(read_graph(choice()))
    text = body_text(body, {"x": 0})
    assert body_from_text(text).SerializeToString() == body_from_text(text).SerializeToString()
    assert body_text(body, {"x": 0}) == text
    assert body_text(body, {"x": 1}) != text


def test_numbering_keeps_weights_and_the_source_as_it_is():
    (body, *_) = bodies_of(read_graph(choice()))
    before = body.SerializeToString(deterministic=True)
    numbered = numbered_body(body, {"x": 7})
    assert body.SerializeToString(deterministic=True) == before
    assert numbered.node[0].input[0] == value_name(7) == "v7"
    np.testing.assert_array_equal(
        numpy_helper.to_array(numbered.initializer[0]), numpy_helper.to_array(body.initializer[0])
    )
    names = [each for node in numbered.node for each in node.output]
    assert len(set(names)) == len(names)


def test_domains_of_a_body_are_those_of_what_is_in_it_too():
    inner = helper.make_graph(
        [helper.make_node("Odd", ["x"], ["z"], domain="com.example")], "i", [], []
    )
    outer = helper.make_graph(
        [helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)], "o", [], []
    )
    assert domains_of(outer) == {"", "com.example"}


@pytest.mark.parametrize("text", ["?", "AAAA", "AAA"])
def test_a_text_that_is_no_body_is_refused(text):
    with pytest.raises(ValueError):
        body_from_text(text)


def test_what_steers():
    assert is_steering("int64", (8, 8))
    assert not is_steering("int64", (65,))
    assert is_steering("float32", ())
    assert not is_steering("float32", (1,))
    assert [is_discrete(each) for each in ("uint4", "bool", "float16")] == [True, True, False]


def test_drawn_weights_keep_the_magnitude():
    generator = np.random.default_rng(0)
    vector = drawn_weight((1000,), generator)
    assert 0.5 <= vector.min() < vector.max() <= 1.5
    matrix = drawn_weight((1000, 400), generator)
    assert abs(matrix.std() * 20 - 1) < 0.01
    assert drawn_weight((), generator).shape == ()
    assert drawn_weight((0, 0), generator).shape == (0, 0)
