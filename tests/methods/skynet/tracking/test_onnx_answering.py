"""Files made by hand, whose tensors say which of them was asked."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402 - after the checks

from dlscope.core.errors import DataError, LoadError  # noqa: E402
from dlscope.methods.skynet.tracking.onnx_answering import OnnxAnswering  # noqa: E402
from dlscope.methods.skynet.tracking.onnx_parts import kernel_names, parts_of  # noqa: E402
from dlscope.zoo.siamese.design import Design  # noqa: E402

DESIGN = Design(template=64, search=128, hidden=4, width=0.25, has_mask=True)
SHAPES = {
    "template": (1, 3, 64, 64),
    "search": (1, 3, 128, 128),
    "mask_features": (1, 4, 1, 1),
    **dict.fromkeys(kernel_names(DESIGN), (1, 4, 2, 2)),
    "scores": (1, 2, 5, 13, 13),
    "boxes": (1, 4, 5, 13, 13),
    "mask": (1, 63 * 63, 1, 1),
}


def write(folder, part, inputs, outputs, features=(1, 4, 1, 1)):
    """A model whose every output is the largest value of all inputs."""
    shapes = SHAPES | {"mask_features": features}
    nodes = [helper.make_node("ReduceMax", [name], [f"{name}_max"], keepdims=0) for name in inputs]
    nodes.append(helper.make_node("Max", [f"{name}_max" for name in inputs], ["most"]))
    constants = []
    for name in outputs:
        shape = np.array(shapes[name], np.int64)
        constants.append(numpy_helper.from_array(shape, f"{name}_shape"))
        nodes.append(helper.make_node("Expand", ["most", f"{name}_shape"], [name]))
    values = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shapes[name]) for name in names]
        for names in (inputs, outputs)
    ]
    graph = helper.make_graph(nodes, part, *values, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, folder / f"{part}.onnx")


def manifest(design):
    attributes = {} if design is None else {"design": json.dumps(design.to_json())}
    tensor = {"name": "x", "tensor": "x", "type": "tensor", "element_type": "float32", "shape": [1]}
    return json.dumps(
        {
            "kind": "model",
            "schema_version": 1,
            "name": "tracker-search",
            "version": "1.0.0",
            "task": "raw",
            "license": "not stated",
            "assets": {"graph": {"source": "file:search.onnx", "sha256": "0" * 64}},
            "inputs": [tensor],
            "outputs": [tensor | {"type": "raw"}],
            "attributes": attributes,
        }
    )


@pytest.fixture
def folder(tmp_path):
    kernels = kernel_names(DESIGN)
    write(tmp_path, "template", ["template"], kernels)
    answers = ["scores", "boxes", "mask_features"]
    write(tmp_path, "search", ["search", *kernels], answers, (1, 4, 13, 13))
    write(tmp_path, "mask", ["mask_features"], ["mask"])
    (tmp_path / "search.yaml").write_text(manifest(DESIGN))
    return tmp_path


def crop(side, value):
    return np.full((1, 3, side, side), value, np.float32)


def test_kernels_go_from_one_file_to_the_other_and_features_to_the_third(folder):
    answering = OnnxAnswering(folder)
    assert answering.design == DESIGN
    kernels = answering.kernels(crop(64, 7))
    assert list(kernels) == ["kernel_5_scores", "kernel_5_boxes", "kernel_5_masks"]
    answer = answering.answer(crop(128, 3), kernels)
    assert (answer.scores_2kss.shape, answer.scores_2kss.max()) == ((2, 5, 13, 13), 7)
    assert answer.boxes_4kss.shape == (4, 5, 13, 13)
    assert answer.mask_features_css.shape == (4, 13, 13)
    mask = answering.mask(answer.mask_features_css[:, 2, 3])
    assert (mask.shape, mask.max()) == ((63 * 63,), 7)
    assert answering.answer(crop(128, 9), kernels).boxes_4kss.min() == 9


def test_following_from_files_loads_no_torch(folder):
    code = """
import sys
from pathlib import Path
from dlscope.methods.skynet.tracking.onnx_answering import OnnxAnswering
from dlscope.methods.skynet.tracking.siamese import SiameseTracker
SiameseTracker(OnnxAnswering(Path(sys.argv[1])))
print("torch" in sys.modules)
"""
    command = [sys.executable, "-c", code, str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"


def test_a_design_without_masks_has_two_files(folder):
    assert parts_of(Design()) == ("template", "search")
    (folder / "mask.onnx").unlink()
    with pytest.raises(LoadError, match="there is no such model file"):
        OnnxAnswering(folder)


def test_refuses_folders_that_hold_no_tracker(tmp_path):
    with pytest.raises(DataError, match="the folder holds no exported tracker"):
        OnnxAnswering(tmp_path)
    (tmp_path / "search.yaml").write_text(manifest(None))
    with pytest.raises(DataError, match="the manifest tells no design"):
        OnnxAnswering(tmp_path)
