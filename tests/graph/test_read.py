from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter

import numpy as np
import onnx
import onnx.inliner
import pytest
from onnx import helper

from dlscope.core.errors import GraphError, ShapeError
from dlscope.graph.builder import GraphBuilder
from dlscope.graph.read import read_graph

AGAIN = "fetch the model again, together with the files that belong to it"


@pytest.mark.parametrize(
    ("name", "layers", "input_name", "output"),
    [
        ("bvlc_alexnet", 24, "data_0", (1, 1000)),
        ("densenet121", 668, "data_0", (1, 1000, 1, 1)),
        ("inception_v1", 143, "data_0", (1, 1000)),
        ("inception_v2", 371, "data_0", (1, 1000)),
        ("resnet50", 176, "gpu_0/data_0", (1, 1000)),
        ("shufflenet", 203, "gpu_0/data_0", (1, 1000)),
        ("squeezenet", 66, "data_0", (1, 1000, 1, 1)),
        ("vgg19", 46, "data_0", (1, 1000)),
        ("zfnet512", 22, "gpu_0/data_0", (1, 1000)),
    ],
)
def test_reads_the_networks_that_onnx_brings(light, name, layers, input_name, output):
    """Old files: every weight is listed as an input and filled by a layer of its own."""
    graph = read_graph(light(name))
    assert len(graph.layers) == layers
    assert [(each.name, each.shape) for each in graph.inputs] == [(input_name, (1, 3, 224, 224))]
    assert [each.shape for each in graph.outputs] == [output]
    made = {tensor for layer in graph.layers for tensor in layer.results}
    for layer in graph.layers:
        assert all(tensor in made or tensor.kind != "activation" for tensor in layer.sources)
    assert "ConstantOfShape" not in {layer.op_type for layer in graph.layers}


def test_reads_a_trained_network_at_any_batch(lite0):
    graph = read_graph(lite0, {"N": 4})
    assert Counter(layer.op_type for layer in graph.layers) == {
        "Conv": 49,
        "Clip": 33,
        "Add": 9,
        "GlobalAveragePool": 1,
        "Flatten": 1,
        "Gemm": 1,
    }
    assert graph.outputs[0].shape == (4, 1000)
    assert (graph.batch, dict(graph.bindings)) == (4, {"N": 4})
    assert graph.source_digest == hashlib.sha256(lite0.read_bytes()).hexdigest()
    assert graph.name == "efficientnet_lite0"


def test_a_file_and_the_model_in_it_give_the_same_graph(lite0):
    graphs = read_graph(lite0, {"N": 1}), read_graph(onnx.load(lite0), default_dim=1)
    first, second = (
        [(each.name, each.dtype, each.shape, each.kind) for each in graph.tensors.values()]
        for graph in graphs
    )
    assert first == second
    assert graphs[0].source_digest == graphs[1].source_digest


def test_reading_does_not_change_the_model(lite0):
    model = onnx.load(lite0)
    before = model.SerializeToString(deterministic=True)
    read_graph(model, {"N": 1})
    assert model.SerializeToString(deterministic=True) == before


def test_optional_values_that_are_left_out_are_none(model_of):
    node = helper.make_node("Clip", ["x", "", "most"], ["y"])
    constants = {"most": np.float32(6)}
    graph = read_graph(model_of([node], {"x": "float32[2]"}, {"y": "float32[2]"}, constants))
    (clip,) = graph.layers
    assert [each and each.name for each in clip.inputs] == ["x", None, "most"]
    assert list(clip.const_inputs) == [2]
    assert clip.name == "y"


def test_functions_of_the_file_are_written_out(model_of):
    opsets = [helper.make_opsetid("", 17)]
    inner = [helper.make_node("Relu", ["a"], ["b"]), helper.make_node("Neg", ["b"], ["c"])]
    function = helper.make_function("com.example", "Twice", ["a"], ["c"], inner, opsets)
    node = helper.make_node("Twice", ["x"], ["y"], domain="com.example")
    model = model_of(
        [node],
        {"x": "float32[2]"},
        {"y": "float32[2]"},
        domains=["com.example"],
        functions=[function],
    )
    assert [layer.operator for layer in read_graph(model).layers] == ["Relu", "Neg"]


def with_weights_beside(tmp_path, location: str = "net.data"):
    graph = GraphBuilder("large")
    graph.input("x", "float32", (2, 300))
    graph.constant("w", np.arange(300 * 5, dtype=np.float32).reshape(300, 5))
    graph.node("MatMul", ["x", "w"], output="y")
    graph.output("y", "float32", (2, 5))
    path = tmp_path / "net.onnx"
    onnx.save(graph.finish(), path, save_as_external_data=True, location="net.data")
    model = onnx.load(path, load_external_data=False)
    for entry in model.graph.initializer[0].external_data:
        if entry.key == "location":
            entry.value = location
    path.write_bytes(model.SerializeToString())
    return path


def test_weights_beside_the_model_are_mapped(tmp_path):
    path = with_weights_beside(tmp_path)
    graph = read_graph(path)
    value = graph.tensors["w"].value
    assert value.shape == (300, 5)
    assert value[299, 4] == 1499
    assert not value.flags.owndata
    before = graph.source_digest
    (tmp_path / "net.data").write_bytes(bytes(6000))
    assert read_graph(path).source_digest != before


def test_weights_elsewhere_are_refused(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(bytes(6000))
    (folder / "link").symlink_to(tmp_path / "secret")
    for location in ("../secret", str(tmp_path / "secret"), "link", ""):
        path = with_weights_beside(folder, location)
        with pytest.raises(GraphError) as caught:
            read_graph(path)
        assert caught.value.what == f"weight 'w' is in {location!r}, not beside the model"
        assert (caught.value.where, caught.value.fix) == (str(path), AGAIN)


def test_missing_and_short_weight_files_are_refused(tmp_path):
    path = with_weights_beside(tmp_path)
    (tmp_path / "net.data").write_bytes(bytes(5999))
    with pytest.raises(GraphError) as caught:
        read_graph(path)
    assert caught.value.what == "weight 'w' does not fit the bytes of its file"
    (tmp_path / "net.data").unlink()
    with pytest.raises(GraphError) as caught:
        read_graph(path)
    assert caught.value.what == "weight 'w' is in 'net.data', which does not exist"


def test_a_loaded_model_has_no_place_for_weights_in_files(tmp_path):
    model = onnx.load(with_weights_beside(tmp_path), load_external_data=False)
    with pytest.raises(GraphError) as caught:
        read_graph(model)
    assert caught.value.what == "weight 'w' is in the file 'net.data'"
    assert caught.value.fix == "give the path of the model in place of the loaded model"


def test_a_weight_without_all_its_bytes_is_refused(model_of):
    node = helper.make_node("Add", ["x", "w"], ["y"])
    constants = {"w": np.ones(2, np.float32)}
    model = model_of([node], {"x": "float32[2]"}, {"y": "float32[2]"}, constants)
    model.graph.initializer[0].raw_data = bytes(4)
    with pytest.raises(GraphError) as caught:
        read_graph(model)
    assert caught.value.what == (
        "weight 'w' cannot be read: cannot reshape array of size 1 into shape (2,)"
    )
    assert caught.value.where == "graph g"


def test_a_sparse_weight_is_refused(model_of):
    node = helper.make_node("Add", ["x", "w"], ["y"])
    model = model_of([node], {"x": "float32[2]"}, {"y": "float32[2]"})
    values = helper.make_tensor("w", onnx.TensorProto.FLOAT, (1,), [1.0])
    places = helper.make_tensor("i", onnx.TensorProto.INT64, (1,), [1])
    sparse = helper.make_sparse_tensor(values, places, [2])
    model.graph.sparse_initializer.append(sparse)
    with pytest.raises(GraphError) as caught:
        read_graph(model)
    assert caught.value.what == "weight 'w' is sparse"
    assert caught.value.fix == "export the model with dense weights"


def test_an_invalid_model_is_refused_by_the_name_of_its_node(model_of):
    node = helper.make_node("Relu", ["x"], ["y"], name="act", slope=0.5)
    with pytest.raises(GraphError) as caught:
        read_graph(model_of([node], {"x": "float32[2]"}, {"y": "float32[2]"}))
    assert caught.value.what == (
        "the graph is not valid ONNX: Unrecognized attribute: slope for operator Relu"
    )
    assert caught.value.where == "graph g"


def test_sizes_that_do_not_fit_are_refused_by_the_name_of_the_layer(model_of):
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="head")
    constants = {"w": np.ones((4, 2), np.float32)}
    model = model_of([node], {"x": "float32[1,K]"}, {"y": "float32[1,2]"}, constants)
    with pytest.raises(ShapeError) as caught:
        read_graph(model, {"K": 3})
    assert caught.value.what.startswith("the inputs of layer 'head' (MatMul) do not fit: ")
    assert "Incompatible dimensions" in caught.value.what
    assert caught.value.fix == "correct the layer, or the sizes that the free axes are bound to"


def test_refuses_a_file_that_is_not_onnx(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"not a graph")
    with pytest.raises(GraphError) as caught:
        read_graph(path)
    assert caught.value.what == "the file is not an ONNX model"


def test_a_weight_whose_name_is_not_utf_8_is_refused(model_of, tmp_path):
    node = helper.make_node("Add", ["x", "weight"], ["y"])
    constants = {"weight": np.ones(2, np.float32)}
    model = model_of([node], {"x": "float32[2]"}, {"y": "float32[2]"}, constants)
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString().replace(b"weight", b"weigh\xff"))
    with pytest.raises(GraphError) as caught:
        read_graph(path)
    assert caught.value.what == "a name in the model is not UTF-8"
    assert caught.value.where == str(path)
    assert caught.value.fix == "fetch the model again, or correct the program that wrote it"


def test_layers_are_marked(model_of):
    nodes = [
        helper.make_node("NonZero", ["x"], ["places"]),
        helper.make_node("TopK", ["x", "k"], ["best", "where"]),
        helper.make_node("TopK", ["x", "two"], ["pair", "which"]),
        helper.make_node("Slice", ["x", "zero", "k"], ["part"]),
    ]
    model = model_of(
        nodes,
        {"x": "float32[4]", "k": "int64[1]"},
        {"places": "int64[1,n]", "best": "float32[k]", "pair": "float32[2]", "part": "float32[p]"},
        {"two": np.array([2]), "zero": np.array([0])},
    )
    graph = read_graph(model)
    assert [layer.data_dependent for layer in graph.layers] == [True, True, False, True]
    assert not any(layer.control_flow for layer in graph.layers)


def test_the_package_exports_it_without_importing_onnx():
    code = "import sys, dlscope.graph; sys.exit('onnx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    code = "from dlscope.graph import Graph, graph_work, layer_work, read_graph"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
