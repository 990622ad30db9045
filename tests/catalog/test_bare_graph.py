from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from dlscope.backends.base import Backend
from dlscope.backends.onnxruntime import OnnxRuntimeBackend
from dlscope.backends.reference import ReferenceBackend
from dlscope.catalog.bare_graph import BareGraph, bare_model
from dlscope.catalog.finder import find
from dlscope.catalog.manifest_draft import draft_manifest
from dlscope.core.digest import file_digest
from dlscope.core.errors import DlscopeError, GraphError, ManifestError
from dlscope.core.manifest import ModelManifest, Reference
from dlscope.methods.evaluation.checking import check_model
from dlscope.methods.evaluation.resolving import close_model
from dlscope.pipelines.collate import collate, split
from dlscope.pipelines.preparation import Preparation
from dlscope.testing.small_models import SMALL_MODELS, ModelBuilder, dense, embedding

Specs = Mapping[str, tuple[Any, Any]]
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A graph of `inputs` that hands the first through as `outputs`."""

    def write(inputs: Specs, outputs: Specs | None = None, name: str = "net.onnx") -> Path:
        model = ModelBuilder()
        outputs = outputs or {"y": next(iter(inputs.values()))}
        for output in outputs:
            model.add("Identity", next(iter(inputs)), output=output)
        return model.save(tmp_path / name, dict(inputs), dict(outputs))

    return write


def told(path: Path) -> list[tuple[str, str]]:
    """What is wrong with the graph, and what to do."""
    with pytest.raises(DlscopeError) as refusal:
        bare_model(path)
    return [(each.what, each.fix) for each in refusal.value.problems]


def shapes(path: Path) -> dict[str, tuple[str, list[Any]]]:
    """Layout and shape of every tensor of the manifest."""
    model = bare_model(path)
    return {each.name: (each.layout, list(each.shape)) for each in (*model.inputs, *model.outputs)}


def test_a_graph_is_a_model_that_is_fed_with_drawn_numbers(tmp_path: Path) -> None:
    path = dense(tmp_path / "My Net.onnx")
    model = find("model", str(path))
    assert isinstance(model, ModelManifest)
    assert model.name == "my-net"
    assert model.version.startswith("0.0.0+")
    assert (model.task, model.license) == ("raw", "unknown")
    assert model.assets["graph"].source == f"file:{path}"
    assert model.assets["graph"].sha256 == file_digest(path)
    assert model.attributes == {"dataset": "blank"}
    (given,) = model.inputs
    assert (given.tensor, given.type, given.element_type) == ("x", "tensor", "float32")
    assert (given.layout, given.shape) == ("NCHW", ("N", 3, 4, 4))
    (step,) = given.preprocess
    assert step.name == "random"
    assert step.parameters == {
        "shape": [3, 4, 4],
        "axes": "CHW",
        "dtype": "float32",
        "seed": 0,
    }
    (answer,) = model.outputs
    assert (answer.tensor, answer.type, answer.shape) == ("y", "raw", ("N", 10))


def test_a_path_relative_to_here_means_the_same_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = dense(tmp_path / "net.onnx")
    monkeypatch.chdir(tmp_path)
    assert bare_model(Path("net.onnx")) == bare_model(path)


def test_overrides_apply_as_to_any_other_model(tmp_path: Path) -> None:
    path = str(dense(tmp_path / "net.onnx"))
    changed = find("model", Reference(name=path, overrides={"license": "MIT"}))
    assert isinstance(changed, ModelManifest)
    assert changed.license == "MIT"


def test_two_files_of_one_name_are_two_models(tmp_path: Path) -> None:
    first = bare_model(dense(tmp_path / "net.onnx"))
    second = bare_model(embedding(tmp_path / "net.onnx"))
    assert first.name == second.name
    assert first.identity != second.identity
    assert first.digest != second.digest


@pytest.mark.parametrize(
    ("file", "name"),
    [("ResNet_50.v1.onnx", "resnet_50.v1"), ("größe.onnx", "gr-e"), ("ñ.onnx", "graph")],
)
def test_the_name_is_that_of_the_file_made_legal(write: Write, file: str, name: str) -> None:
    assert bare_model(write({"x": (np.float32, [1])}, name=file)).name == name


def test_integers_and_booleans_stay_where_any_choice_has_them(write: Write) -> None:
    model = bare_model(
        write(
            {
                "ids": (np.int64, ["N", 6]),
                "pixels": (np.uint8, ["N", 6]),
                "mask": (np.bool_, ["N", 6]),
            }
        )
    )
    drawn = [each.preprocess[0].parameters for each in model.inputs]
    assert [(each["low"], each["high"]) for each in drawn] == [(0, 1), (0, 255), (0, 1)]
    assert [each["seed"] for each in drawn] == [0, 1, 2]


@pytest.mark.parametrize(
    ("inputs", "outputs", "expected"),
    [
        (
            {"x": (np.float32, ["batch", 3, 8, 8])},
            {"y": (np.float32, ["batch", 5]), "rows": (np.float32, ["found", 4])},
            {"x": ("NCHW", ["N", 3, 8, 8]), "y": ("ND", ["N", 5]), "rows": ("LD", [None, 4])},
        ),
        (
            {"x": (np.float32, [None, 3])},
            {"y": (np.float32, [None, 3])},
            {"x": ("ND", ["N", 3]), "y": ("LD", [None, 3])},
        ),
        (
            {"x": (np.float32, [1, 3, 8, 8])},
            {"y": (np.float32, [1, 5])},
            {"x": ("NCHW", [1, 3, 8, 8]), "y": ("ND", [1, 5])},
        ),
        (
            {"x": (np.float32, [4, 3, 8, 8])},
            {"y": (np.float32, [4, 5])},
            {"x": ("CDHW", [4, 3, 8, 8]), "y": ("LD", [4, 5])},
        ),
        (
            {
                "x": (np.float32, ["N", 9]),
                "state": (np.float32, [2, "N", 5]),
                "rate": (np.int64, []),
            },
            {"y": (np.float32, ["N", 9])},
            {
                "x": ("ND", ["N", 9]),
                "state": ("LND", [2, "N", 5]),
                "rate": ("", []),
                "y": ("ND", ["N", 9]),
            },
        ),
        (
            {
                "x": (np.float32, ["N", 9]),
                "h": (np.float32, [2, "N", 5, 5]),
                "one": (np.int64, [1]),
            },
            {"y": (np.float32, [1, 9])},
            {
                "x": ("ND", ["N", 9]),
                "h": ("LNSD", [2, "N", 5, 5]),
                "one": ("D", [1]),
                "y": ("LD", [1, 9]),
            },
        ),
    ],
)
def test_the_batch_is_what_the_graph_has_of_one(
    write: Write, inputs: Specs, outputs: Specs, expected: Any
) -> None:
    assert shapes(write(inputs, outputs)) == expected


def test_weights_that_are_listed_as_inputs_are_no_inputs(tmp_path: Path) -> None:
    model = onnx.load(dense(tmp_path / "net.onnx"))
    for weight in model.graph.initializer:
        listed = helper.make_tensor_value_info(weight.name, weight.data_type, weight.dims)
        model.graph.input.append(listed)
    onnx.save(model, tmp_path / "net.onnx")
    assert [each.name for each in bare_model(tmp_path / "net.onnx").inputs] == ["x"]


def test_weights_in_a_file_of_their_own_are_a_part_of_the_model(tmp_path: Path) -> None:
    path = dense(tmp_path / "net.onnx")
    within = bare_model(path)
    onnx.save(
        onnx.load(path), path, save_as_external_data=True, location="net.data", size_threshold=0
    )
    beside = bare_model(path)
    assert beside.assets["weight_file"].source == f"file:{tmp_path / 'net.data'}"
    assert beside.assets["weight_file"].sha256 == file_digest(tmp_path / "net.data")
    assert len({within.identity, beside.identity}) == 2
    content = bytearray((tmp_path / "net.data").read_bytes())
    content[0] ^= 1
    (tmp_path / "net.data").write_bytes(content)
    assert bare_model(path).identity != beside.identity
    (tmp_path / "net.data").unlink()
    assert told(path) == [
        (
            "weight 'w0' is in 'net.data', which does not exist",
            "fetch the model again, together with the files that belong to it",
        )
    ]


def test_sizes_that_the_graph_does_not_tell_are_told_at_once(write: Write) -> None:
    path = write(
        {
            "ids": (np.int64, ["batch", "sequence"]),
            "mask": (np.int64, ["batch", "sequence"]),
            "image": (np.float32, ["batch", 3, None, 224]),
        }
    )
    draft = f"dlscope manifest draft {path} > net.yaml"
    assert told(path) == [
        (
            "the graph leaves 2 sizes open: sequence of ids[1], sequence of mask[1]; image[2]",
            f"fill in a draft, and name it in place of the graph: {draft}",
        )
    ]


def test_a_question_mark_is_no_name(write: Write) -> None:
    path = write({"x": (np.float32, ["?", 3, "?", "?"])})
    assert told(path)[0][0] == "the graph leaves 2 sizes open: x[2]; x[3]"


def test_a_batch_by_name_comes_before_another_first_axis(write: Write) -> None:
    path = write({"x": (np.float32, ["time", "batch", 4])})
    assert told(path)[0][0] == "the graph leaves 1 size open: time of x[0]"
    graph = BareGraph(path, {"time": 7})
    assert not graph.open
    (given,) = graph.document(path)["inputs"]
    assert (given["layout"], given["shape"]) == ("LND", [7, "N", 4])


def test_a_batch_that_is_bound_is_none(write: Write) -> None:
    path = write({"x": (np.float32, ["batch", 4])})
    document = BareGraph(path, {"batch": 8}).document(path)
    for tensor in (*document["inputs"], *document["outputs"]):
        assert (tensor["layout"], tensor["shape"]) == ("LD", [8, 4])


def test_refuses_a_size_of_no_axis(write: Write) -> None:
    path = write({"x": (np.float32, ["batch", "sequence"])})
    with pytest.raises(ManifestError) as refusal:
        BareGraph(path, {"sequenze": 8})
    assert refusal.value.what == "the graph has no free axis 'sequenze'"
    assert refusal.value.fix == "its free axes: batch, sequence"


def test_tensors_that_no_manifest_can_state_are_told_at_once(write: Write) -> None:
    path = write(
        {"x": (np.uint32, ["N"]), "s": (np.object_, ["N"]), "many": (np.float32, [1] * 10)},
        {"y": (np.uint32, ["N"])},
    )
    fed = "float32, float16, uint8, int8, int32, int64, bool, float64"
    given = "float32, float16, bfloat16, uint8, int8, int32, int64, bool, float64"
    begin = "no manifest can state this graph: "
    assert told(path) == [
        (f"{begin}input 'x' holds uint32", f"export it with one of {fed}"),
        (f"{begin}input 's' holds string", f"export it with one of {fed}"),
        (f"{begin}input 'many' has 10 axes", "export it with at most 8"),
        (f"{begin}output 'y' holds uint32", f"export it with one of {given}"),
    ]


def test_a_graph_without_inputs_is_refused(tmp_path: Path) -> None:
    model = ModelBuilder()
    model.add("Identity", model.constant(np.float32(1)), output="y")
    path = model.save(tmp_path / "net.onnx", {}, {"y": (np.float32, [])})
    assert told(path) == [
        (
            "no manifest can state this graph: it has no inputs",
            "give a graph that is fed with something",
        )
    ]


def test_an_input_whose_rank_is_not_told_is_open(tmp_path: Path) -> None:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, None)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [x], [y])
    onnx.save(helper.make_model(graph), tmp_path / "net.onnx")
    assert told(tmp_path / "net.onnx")[0][0] == "the graph leaves 1 size open: x, its axes"


def predicted(path: Path, backend: type[Backend]) -> dict[str, Any]:
    """What a backend answers to the drawn numbers; the manifest has nothing wrong."""
    model = close_model(bare_model(path))
    assert check_model(model) == []
    prepared = Preparation(model, {"graph": path}).prepare(np.zeros(1))
    feeds = collate(model.inputs, [prepared])
    with backend().open(path) as predictor:
        outputs = predictor.predict(feeds)
    split(model.outputs, outputs, 1)
    return dict(outputs)


@pytest.mark.parametrize("name", SMALL_MODELS)
def test_backends_can_be_compared_on_every_small_model(tmp_path: Path, name: str) -> None:
    path = SMALL_MODELS[name].build(tmp_path / "net.onnx")
    (mine,) = predicted(path, OnnxRuntimeBackend).values()
    (others,) = predicted(path, ReferenceBackend).values()
    assert np.ptp(mine) > 0
    np.testing.assert_allclose(mine, others, rtol=1e-4, atol=1e-5)


AXES = st.sampled_from([1, 2, 3, "N", "batch", "time", None])
KINDS = st.sampled_from([np.float32, np.float64, np.int64, np.int32, np.uint8, np.bool_])
SPEC = st.tuples(KINDS, st.lists(AXES, max_size=4).map(tuple))


@given(inputs=st.lists(SPEC, min_size=1, max_size=3))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_graph_can_be_fed_or_says_what_it_lacks(inputs: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        model = ModelBuilder()
        specs = {f"x{place}": spec for place, spec in enumerate(inputs)}
        for name in specs:
            model.add("Identity", name, output=f"y{name}")
        outputs = {f"y{name}": spec for name, spec in specs.items()}
        path = model.save(Path(folder) / "net.onnx", specs, outputs)
        try:
            bare_model(path)
        except ManifestError as error:
            assert "open: " in error.what
            assert "size-of-" in draft_manifest(path, {})
        else:
            assert len(predicted(path, OnnxRuntimeBackend)) == len(specs)


def test_what_is_no_graph_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_text("<html>404</html>")
    with pytest.raises(GraphError, match="the file is not an ONNX model"):
        bare_model(path)
    path.unlink()
    assert told(path) == [(f"there is no file {path}", "correct the path")]
