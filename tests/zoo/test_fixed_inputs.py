from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from dlscope.core.errors import GraphError, ShapeError
from dlscope.graph.signature import read_signature
from dlscope.zoo.fixed_inputs import build

FOLDER = Path(str(distribution("silero-vad").locate_file("silero_vad/data")))
ORIGINAL = FOLDER / "silero_vad.onnx"
REWRITTEN = FOLDER / "silero_vad_op18_ifless.onnx"


def session(model: bytes | Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    content = model.read_bytes() if isinstance(model, Path) else model
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


# The distribution's two files answer alike at 16 kHz, but not at 8 kHz.
@pytest.mark.parametrize(
    ("file", "rate", "samples"),
    [(ORIGINAL, 16000, 576), (REWRITTEN, 16000, 576), (REWRITTEN, 8000, 288)],
)
@pytest.mark.parametrize("batch", [1, 3])
def test_silero_with_a_fixed_rate_answers_as_with_that_rate_fed(file, rate, samples, batch):
    rng = np.random.default_rng(rate)
    sound = rng.uniform(-1, 1, (batch, samples)).astype(np.float32)
    state = rng.uniform(-1, 1, (2, batch, 128)).astype(np.float32)
    feeds = {"input": sound, "state": state}
    expected = session(file).run(["output", "stateN"], {**feeds, "sr": np.array(rate)})
    fixed = session(build(REWRITTEN, {"sr": str(rate)})).run(["output", "stateN"], feeds)
    for one, other in zip(expected, fixed, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-6)


def test_silero_keeps_the_nodes_and_weights_of_one_network(tmp_path):
    path = tmp_path / "fixed.onnx"
    path.write_bytes(build(REWRITTEN, {"sr": "16000"}))
    signature = read_signature(path)
    assert [str(each) for each in signature.inputs] == [
        "input: float32[batch, sequence]",
        "state: float32[2, batch, 128]",
    ]
    assert "If" not in signature.operators
    assert "Equal" not in signature.operators
    before, after = onnx.load(REWRITTEN).graph, onnx.load(path).graph
    branch = next(each.g for each in before.node[-1].attribute if each.name == "then_branch")
    assert [node.name for node in after.node] == [node.name for node in branch.node]
    assert not [tensor.name for tensor in after.initializer if "8k" in tensor.name]


def test_silero_as_published_chooses_by_more_than_the_rate():
    with pytest.raises(GraphError) as caught:
        build(ORIGINAL, {"sr": "16000"})
    assert caught.value.what == (
        "the condition of If node 'If_0_then_branch__Inline_0__/decoder/If' depends on 'input'"
    )


def test_the_same_file_gives_the_same_bytes():
    assert build(REWRITTEN, {"sr": "16000"}) == build(REWRITTEN, {"sr": "16000"})


HEADER = '<ir_version: 8, opset_import: ["" : 17]>\n'
NESTED = """g (float[N] x, int64 k, bool[1] deep) => (float[N] y, float[N] z)
    <float one = {1}, float unused = {9}, int64 two = {2}>
{
    s = Add (x, one)
    many = Greater (k, two)
    a, z = If (many) <
        then_branch = then () => (float[N] r, float[N] x) <float w = {5}> {
            s = Mul (x, w)
            r = If (deep) <
                then_branch = inner () => (float[N] q) { t = Neg (s)  q = Sqrt (t) },
                else_branch = other () => (float[N] q) { t = Exp (s)  q = Add (t, w) }
            >
        },
        else_branch = els () => (float[N] s, float[N] s) { t = Sub (s, one) }
    >
    y = Add (a, s)
}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "small.onnx"
    path.write_bytes(onnx.parser.parse_model(HEADER + text).SerializeToString())
    return path


def operators(model: bytes) -> list[str]:
    return [node.op_type for node in onnx.load_from_string(model).graph.node]


@pytest.mark.parametrize(
    ("k", "deep", "left"),
    [
        (3, True, ["Add", "Mul", "Neg", "Sqrt", "Identity", "Add"]),
        (3, False, ["Add", "Mul", "Exp", "Add", "Identity", "Add"]),
        (2, True, ["Add", "Identity", "Identity", "Add"]),
    ],
)
def test_takes_nested_branches_whose_names_repeat(tmp_path, k, deep, left):
    path = written(tmp_path, NESTED)
    x = np.array([-1.5, -0.25], np.float32)
    expected = ReferenceEvaluator(str(path)).run(
        None, {"x": x, "k": np.array(k), "deep": np.array([deep])}
    )
    fixed = build(path, {"k": str(k), "deep": str(deep).lower()})
    assert operators(fixed) == left
    for one, other in zip(expected, session(fixed).run(None, {"x": x}), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-6)


def test_drops_weights_that_nothing_needs_and_numbers_names_that_are_taken(tmp_path):
    graph = onnx.load_from_string(
        build(written(tmp_path, NESTED), {"k": "3", "deep": "true"})
    ).graph
    assert [tensor.name for tensor in graph.initializer] == ["one", "w"]
    assert [list(node.output) for node in graph.node] == [
        ["s"], ["s_2"], ["t"], ["a"], ["z"], ["y"],
    ]  # fmt: skip


def test_an_outer_choice_that_the_inner_one_does_not_survive_needs_no_inner_input(tmp_path):
    assert "If" not in operators(build(written(tmp_path, NESTED), {"k": "0"}))


LOOP = """g (float[2] x, bool c) => (float[2] y) <int64 turns = {3}, bool go = {1}>
{
    double = Add (x, x)
    y = If (c) <
        then_branch = then () => (float[2] r) {
            double = Mul (x, x)
            r = Loop (turns, go, x) <
                body = step (int64 i, bool b, float[2] v) => (bool b2, float[2] n) {
                    b2 = Identity (b)
                    n = Sub (v, double)
                }
            >
        },
        else_branch = els () => (float[2] r) { r = Identity (double) }
    >
}
"""


def test_the_body_of_a_loop_sees_the_renamed_values_of_its_branch(tmp_path):
    path = written(tmp_path, LOOP.replace("y = If", "kept = Identity (double)\n    part = If"))
    model = onnx.load(path)
    model.graph.node.append(helper.make_node("Add", ["kept", "part"], ["y"]))
    path.write_bytes(model.SerializeToString())
    fixed = build(path, {"c": "true"})
    assert operators(fixed) == ["Add", "Identity", "Mul", "Loop", "Add"]
    x = np.array([1.0, 3.0], np.float32)
    assert session(fixed).run(None, {"x": x})[0].tolist() == [0.0, -18.0]  # 2x + x − 3x²


def test_an_input_with_one_axis_takes_several_numbers(tmp_path):
    text = """g (float[N] x, int64[2] s, float f) => (float[A, B] y) {
        r = Reshape (x, s)
        y = Mul (r, f)
    }"""
    graph = onnx.load_from_string(
        build(written(tmp_path, text), {"s": "2,-1", "f": "2.5e-1"})
    ).graph
    values = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    assert (values["s"].tolist(), values["s"].dtype) == ([2, -1], np.int64)
    assert (values["f"].tolist(), values["f"].dtype, values["f"].shape) == (0.25, np.float32, ())


def test_without_options_only_constant_choices_are_made(tmp_path):
    text = LOOP.replace(", bool c)", ")").replace("bool go", "bool c = {0}, bool go")
    assert operators(build(written(tmp_path, text), {})) == ["Add", "Identity"]


BY_CHANCE = LOOP.replace("If (c)", "If (chance)").replace(
    "double = Add (x, x)",
    "double = Add (x, x)  d = RandomNormal <shape = [1]> ()  chance = Greater (d, d)",
    1,
)
TWO_CONDITIONS = (
    LOOP.replace("bool c", "bool[1] c")
    .replace("If (c)", "If (both)")
    .replace("double = Add (x, x)", "double = Add (x, x)  both = Concat <axis = 0> (c, c)", 1)
)
NUMBER = "write a finite number of that type, or true or false for a bool"
COUNT = "give one number for each value, separated by commas"
AXES = "fix only inputs with no axis or one, and leave the others to the data"
CHOICE = "fix that input as well, or use a model that makes no such choice"


@pytest.mark.parametrize(
    ("options", "kind", "what", "fix"),
    [
        ({"deeep": "true"}, GraphError, "the model has no input 'deeep'", "did you mean deep?"),
        ({"one": "1"}, GraphError, "the model has no input 'one'", "use one of deep, k, x"),
        ({"k": "1.5"}, GraphError, "'1.5' is not a value for input k: int64[]", NUMBER),
        ({"k": ""}, GraphError, "'' is not a value for input k: int64[]", NUMBER),
        (
            {"k": "9223372036854775808"},
            GraphError,
            "'9223372036854775808' is not a value for input k: int64[]",
            NUMBER,
        ),
        ({"deep": "1"}, GraphError, "'1' is not a value for input deep: bool[1]", NUMBER),
        ({"x": "1,nan"}, GraphError, "'nan' is not a value for input x: float32[N]", NUMBER),
        ({"x": "1e39"}, GraphError, "'1e39' is not a value for input x: float32[N]", NUMBER),
        ({"k": "1,2"}, ShapeError, "'1,2' does not fit input k: int64[]", COUNT),
        (
            {"deep": "true,true"},
            ShapeError,
            "'true,true' does not fit input deep: bool[1]",
            COUNT,
        ),
        ({"deep": "true"}, GraphError, "the condition of If node 'a' depends on 'k'", CHOICE),
        ({"k": "3"}, GraphError, "the condition of If node 'a' depends on 'deep'", CHOICE),
    ],
)
def test_refuses_what_does_not_fit(tmp_path, options, kind, what, fix):
    path = written(tmp_path, NESTED)
    with pytest.raises(GraphError) as caught:
        build(path, options)
    assert type(caught.value) is kind
    assert (caught.value.what, caught.value.where, caught.value.fix) == (what, str(path), fix)


@pytest.mark.parametrize(
    ("text", "options", "kind", "what"),
    [
        (
            "g (float[N, 3] x) => (float[N, 3] y) { y = Neg (x) }",
            {"x": "1"},
            ShapeError,
            "input x: float32[N, 3] cannot be fixed",
        ),
        (
            "g (string x) => (string y) { y = Identity (x) }",
            {"x": "word"},
            GraphError,
            "'word' is not a value for input x: string[]",
        ),
        (
            BY_CHANCE,
            {"c": "true"},
            GraphError,
            "the condition of If node 'y' depends on RandomNormal",
        ),
        (
            TWO_CONDITIONS,
            {"c": "true"},
            GraphError,
            "the condition of If node 'y' cannot be computed: can only convert an array of size 1 "
            "to a Python scalar",
        ),
    ],
)
def test_refuses_inputs_and_choices_that_cannot_be_settled(tmp_path, text, options, kind, what):
    path = written(tmp_path, text)
    with pytest.raises(GraphError) as caught:
        build(path, options)
    assert type(caught.value) is kind
    assert (caught.value.what, caught.value.where) == (what, str(path))


def test_refuses_a_file_that_is_not_onnx(tmp_path):
    path = tmp_path / "small.onnx"
    path.write_bytes(b"no graph")
    with pytest.raises(GraphError) as caught:
        build(path, {"x": "1"})
    assert caught.value.what == "the file is not an ONNX model"


def without_a_branch(node: onnx.NodeProto) -> None:
    del node.attribute[0]


def without_a_condition(node: onnx.NodeProto) -> None:
    del node.input[:]


def without_a_result(node: onnx.NodeProto) -> None:
    del node.attribute[1].g.output[1]


@pytest.mark.parametrize("harm", [without_a_branch, without_a_condition, without_a_result])
def test_refuses_a_choice_that_is_not_whole(tmp_path, harm):
    path = written(tmp_path, NESTED)
    model = onnx.load(path)
    harm(model.graph.node[2])
    path.write_bytes(model.SerializeToString())
    with pytest.raises(GraphError) as caught:
        build(path, {"k": "3", "deep": "true"})
    assert (caught.value.what, caught.value.where, caught.value.fix) == (
        "If node 'a' is not whole",
        str(path),
        "give it one condition and two branches with as many outputs as it has",
    )
