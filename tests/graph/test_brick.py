from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from onnx import helper
from small_graphs import NETWORKS, network, wirings

from dlscope.core.errors import GraphError, UnsupportedOp
from dlscope.graph.brick import ID_DIGITS, Brick, tensors_of
from dlscope.graph.ir import Graph
from dlscope.graph.partition import partition
from dlscope.graph.read import read_graph
from dlscope.graph.segment import Segment

CONV = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}


def whole(graph: Graph) -> Brick:
    return Brick.of(Segment(graph, graph.layers))


def brick_of(model_of, nodes, inputs, outputs, constants=None, **more) -> Brick:
    return whole(read_graph(model_of(nodes, inputs, outputs, constants, **more)))


def convolution(
    model_of, *, names="xwby", size=8, channels=4, seed=0, opset=17, dtype="float32", **attributes
):
    """The brick of one convolution; all but `names` and `seed` is part of its identity."""
    x, w, b, y = names
    generator = np.random.default_rng(seed)
    constants = {
        w: generator.standard_normal((channels, 3, 3, 3)).astype(dtype),
        b: generator.standard_normal(channels).astype(dtype),
    }
    node = helper.make_node("Conv", [x, w, b], [y], name=f"the {x} one", **{**CONV, **attributes})
    inputs, outputs = {x: f"{dtype}[1,3,{size},{size}]"}, {y: f"{dtype}[a,b,c,d]"}
    return brick_of(model_of, [node], inputs, outputs, constants, opset=opset)


def test_names_and_weights_do_not_matter(model_of):
    first = convolution(model_of)
    assert convolution(model_of, names="abcd") == first
    assert convolution(model_of, seed=1) == first
    assert len(first.id) == ID_DIGITS
    assert int(first.id, 16) >= 0


def test_a_default_that_is_written_out_does_not_matter(model_of):
    assert convolution(model_of, strides=[1, 1], group=1).id == convolution(model_of).id


@pytest.mark.parametrize(
    "change",
    [
        {"size": 9},
        {"channels": 5},
        {"opset": 13},
        {"dtype": "float64"},
        {"strides": [2, 2]},
        {"dilations": [2, 2]},
        {"pads": [0, 0, 0, 0]},
        {"pads": [1, 1, 0, 0]},
    ],
    ids=str,
)
def test_shapes_attributes_types_and_versions_matter(model_of, change):
    assert convolution(model_of, **change).id != convolution(model_of).id


STEERING = {
    "axes": ("Unsqueeze", ["x", "c"], np.array([0]), np.array([1])),
    "bound": ("Clip", ["x", "", "c"], np.float32(6), np.float32(1)),
    "indices": ("Gather", ["x", "c"], np.array([0, 1]), np.array([1, 1])),
    "repeats": ("Tile", ["x", "c"], np.array([2, 1]), np.array([1, 2])),
    "scale": ("Mul", ["x", "c"], np.float32(0.125), np.float32(2)),
    "truth": ("Where", ["c", "x", "x"], np.array([True, True]), np.array([True, False])),
    "scales": (
        "Resize",
        ["x", "", "c"],
        np.array([1, 2], np.float32),
        np.array([1, 2.25], np.float32),
    ),
}


@pytest.mark.parametrize("name", STEERING)
def test_constants_that_steer_matter(model_of, name):
    operator, taken, first, second = STEERING[name]
    bricks = [
        brick_of(
            model_of,
            [helper.make_node(operator, taken, ["y"])],
            {"x": "float32[2,2]"},
            {"y": "float32[a,b,c]" if operator == "Unsqueeze" else "float32[a,b]"},
            {"c": value},
        )
        for value in (first, second, first)
    ]
    assert bricks[0].id == bricks[2].id
    assert bricks[0].id != bricks[1].id
    (constant,) = (bricks[0].tensors[place] for place in bricks[0].constants)
    assert constant.value["value"] == first.reshape(-1).tolist()


def gather(model_of, indices: np.ndarray) -> Brick:
    node = helper.make_node("Gather", ["x", "i"], ["y"])
    return brick_of(model_of, [node], {"x": "float32[9,2]"}, {"y": "float32[a,b]"}, {"i": indices})


def test_of_64_integers_every_one_is_kept_of_more_only_how_far_they_reach(model_of):
    few, many = np.arange(64) % 9, np.arange(65) % 9
    kept = gather(model_of, few).tensors[1]
    assert kept.value["value"] == few.tolist()
    assert (kept.sample, kept.span) == (None, None)
    spanned = gather(model_of, many).tensors[1]
    assert (spanned.value, spanned.sample, spanned.span) == (None, None, (0, 8))
    assert gather(model_of, many).id == gather(model_of, many // 2).id
    assert gather(model_of, few).id != gather(model_of, few // 2).id


def test_of_weights_nothing_is_kept(model_of):
    for tensor in convolution(model_of).tensors:
        assert (tensor.value, tensor.sample, tensor.span) == (None, None, None)


def test_samples_and_spans_are_no_part_of_the_identity():
    plain = {
        "tensors": [
            {"dtype": "int64", "shape": [2], "kind": "input"},
            {"dtype": "int64", "shape": [2], "kind": "activation"},
        ],
        "layers": [
            {
                "domain": "",
                "op_type": "Neg",
                "opset": 17,
                "attributes": {},
                "inputs": [0],
                "outputs": [1],
            }
        ],
        "outputs": [1],
    }
    bare = Brick.from_json(plain)
    sampled = copy.deepcopy(plain)
    sampled["tensors"][0]["sample"] = {"array": "int64", "shape": [2], "value": [3, 4]}
    spanned = copy.deepcopy(plain)
    spanned["tensors"][0]["span"] = [3, 4]
    both = Brick.from_json(sampled), Brick.from_json(spanned)
    assert {bare.id} == {each.id for each in both}
    assert bare.with_sizes_of(both[0]) == both[0]
    assert both[0].with_sizes_of(both[1]).tensors[0].sample == both[0].tensors[0].sample
    assert both[0].with_sizes_of(both[1]).tensors[0].span == (3, 4)


def test_integers_that_came_up_are_kept(model_of):
    """The length of a `Range` that is computed: the graph had to be run to learn it."""
    nodes = [
        helper.make_node("Cast", ["x"], ["n"], to=7),
        helper.make_node("Range", ["zero", "n", "one"], ["y"]),
    ]
    constants = {"zero": np.int64(0), "one": np.int64(1)}
    graph = read_graph(
        model_of(nodes, {"x": "float32[]"}, {"y": "int64[k]"}, constants),
        samples={"x": np.array(5, np.float32)},
    )
    brick = Brick.of(Segment(graph, graph.layers[1:]))
    (fed,) = (brick.tensors[place] for place in brick.inputs)
    assert fed.sample == {"array": "int64", "shape": [], "value": [5]}


def diamond(model_of, *, crossed: bool = False, leaving=("y",)) -> Brick:
    last = ["b", "b"] if crossed else ["a", "b"]
    nodes = [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Neg", ["a"], ["b"]),
        helper.make_node("Add", last, ["y"]),
    ]
    outputs = dict.fromkeys(leaving, "float32[2]")
    return brick_of(model_of, nodes, {"x": "float32[2]"}, outputs)


def test_wiring_and_what_leaves_matter(model_of):
    bricks = (
        diamond(model_of),
        diamond(model_of, crossed=True),
        diamond(model_of, leaving=("y", "a")),
        diamond(model_of, leaving=("y", "b")),
    )
    assert len({each.id for each in bricks}) == 4


def test_tensors_are_numbered_by_first_use(model_of):
    brick = diamond(model_of)
    assert [each.kind for each in brick.tensors] == ["input", *["activation"] * 3]
    assert [(layer.inputs, layer.outputs) for layer in brick.layers] == [
        ((0,), (1,)),
        ((1,), (2,)),
        ((1, 2), (3,)),
    ]
    assert (brick.inputs, brick.constants, brick.outputs) == ((0,), (), (3,))


def test_an_optional_input_that_is_left_out_has_no_place(model_of):
    node = helper.make_node("Clip", ["x", "", "most"], ["y"])
    brick = brick_of(
        model_of, [node], {"x": "float32[2]"}, {"y": "float32[2]"}, {"most": np.float32(6)}
    )
    assert brick.layers[0].inputs == (0, None, 1)


def test_what_a_constant_is_told_in_words(model_of):
    brick = convolution(model_of)
    weight = brick.tensors[1]
    assert (weight.elements, weight.size_bytes, weight.is_discrete) == (108, 432, False)
    assert (brick.label, brick.layers[0].operator) == ("Conv", "Conv")
    assert Brick.of(Segment(network("residual"), network("residual").layers)).label == (
        "2 Conv + 2 Add + 2 Relu"
    )


@given(wirings(("Add", "Relu", "Mul")))
def test_every_brick_survives_json(graph):
    for granularity in (1, 3, 12):
        for segment in partition(graph, granularity):
            brick = Brick.of(segment)
            again = Brick.from_json(json.loads(json.dumps(brick.to_json())))
            assert again == brick
            assert again.id == brick.id


@pytest.mark.parametrize("name", NETWORKS)
def test_bricks_of_networks_survive_json(name):
    graph = network(name)
    for segment in partition(graph, 2):
        brick = Brick.of(segment)
        again = Brick.from_json(json.loads(json.dumps(brick.to_json())))
        assert (again, again.id) == (brick, brick.id)
        assert len(tensors_of(segment)) == len(brick.tensors)


def test_ids_are_the_same_in_every_process():
    code = (
        "from small_graphs import network\n"
        "from dlscope.graph.brick import Brick\n"
        "from dlscope.graph.partition import partition\n"
        "print(*(Brick.of(each).id for each in partition(network('attention'), 2)))\n"
    )
    ran = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parent,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            text=True,
            check=True,
        )
        for seed in ("1", "2")
    ]
    here = " ".join(Brick.of(each).id for each in partition(network("attention"), 2))
    assert {each.stdout.strip() for each in ran} == {here}


def without(name: str) -> Callable[[dict], None]:
    return lambda plain: plain.pop(name)


def tensor(index: int, **values) -> Callable[[dict], None]:
    return lambda plain: plain["tensors"][index].update(values)


def layer(index: int, **values) -> Callable[[dict], None]:
    return lambda plain: plain["layers"][index].update(values)


TOO_FEW = {"array": "float32", "shape": [2], "value": [1.0]}
ODD = {"array": "float32", "shape": [3], "value": [1.0, 2.0, 3.0]}
APART = "its layers and its tensors do not fit together"


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (without("tensors"), "KeyError: 'tensors'"),
        (without("layers"), "KeyError: 'layers'"),
        (lambda plain: plain.update(layers=7), "TypeError: 'int' object is not iterable"),
        (lambda plain: plain.update(layers=[]), APART),
        (lambda plain: plain.update(outputs=[]), APART),
        (lambda plain: plain.update(outputs=[0]), "what leaves it is not made in it"),
        (lambda plain: plain.update(outputs=[9]), "what leaves it is not made in it"),
        (lambda plain: plain["tensors"].append(plain["tensors"][0]), APART),
        (lambda plain: plain["layers"].reverse(), APART),
        (tensor(0, kind="weight"), "ValueError: 'weight' is no kind of tensor"),
        (
            tensor(0, dtype="float31"),
            "ValueError: Enum DataType has no value defined for name 'FLOAT31'",
        ),
        (tensor(0, dtype=32), "AttributeError: 'int' object has no attribute 'upper'"),
        (tensor(0, shape=[-2]), "ValueError: [-2] is no shape"),
        (tensor(0, shape=["n"]), "ValueError: invalid literal for int() with base 10: 'n'"),
        (tensor(0, span=[1]), "IndexError: list index out of range"),
        (tensor(0, sample=ODD), "ValueError: a value of shape [3] is not one of [2]"),
        (tensor(0, value=TOO_FEW), "ValueError: cannot reshape array of size 1 into shape (2,)"),
        (tensor(0, kind="activation"), APART),
        (layer(0, opset="new"), "ValueError: invalid literal for int() with base 10: 'new'"),
        (
            layer(0, inputs=[[0]]),
            "TypeError: int() argument must be a string, a bytes-like object or a real number, "
            "not 'list'",
        ),
        (layer(0, inputs=[5]), APART),
        (layer(0, outputs=[0]), APART),
        (layer(0, attributes={"mode": None}), "TypeError: None is no attribute"),
        (layer(0, attributes={"to": {"number": 3}}), "KeyError: 'value'"),
        (
            layer(0, attributes={"then": {"body": "AAAA"}}),
            "ValueError: a body is not an ONNX graph",
        ),
        (layer(0, attributes=3), "AttributeError: 'int' object has no attribute 'items'"),
    ],
)
def test_refuses_what_is_no_brick(model_of, damage, why):
    plain = json.loads(json.dumps(diamond(model_of).to_json()))
    damage(plain)
    with pytest.raises(GraphError) as caught:
        Brick.from_json(plain)
    assert caught.value.what == f"this is not a brick: {why}"
    assert caught.value.where == "brick"
    assert caught.value.fix == "generate the suite again with: dlscope bricks generate"


def test_text_is_refused(model_of):
    node = helper.make_node("Identity", ["x"], ["y"])
    graph = read_graph(model_of([node], {"x": "string[2]"}, {"y": "string[2]"}))
    with pytest.raises(UnsupportedOp) as caught:
        whole(graph)
    assert caught.value.what == "tensor 'x' is text, which a benchmark cannot draw"
    assert (caught.value.where, caught.value.fix) == ("tensor x", "leave this model out")
