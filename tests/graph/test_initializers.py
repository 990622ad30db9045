from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from dlscope.core.errors import GraphError
from dlscope.graph.initializers import weight_files


def beside(name: str, location: str, size: int = 4) -> onnx.TensorProto:
    """A weight of `size` floats that is kept in the file `location`."""
    tensor = numpy_helper.from_array(np.zeros(size, np.float32), name)
    onnx.external_data_helper.set_external_data(tensor, location)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    return tensor


def saved(folder: Path, *weights: onnx.TensorProto) -> Path:
    """A graph with `weights`, the last of them in a branch."""
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [4])
    branches = {
        name: helper.make_graph(
            [helper.make_node("Identity", [weights[-1].name], ["y"])], name, [], [y], [weights[-1]]
        )
        for name in ("then_branch", "else_branch")
    }
    graph = helper.make_graph(
        [helper.make_node("If", ["x"], ["z"], **branches)],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.BOOL, [])],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [4])],
        weights[:-1],
    )
    (folder / "net.onnx").write_bytes(helper.make_model(graph).SerializeToString())
    return folder / "net.onnx"


def test_names_each_file_once_those_of_branches_too(tmp_path: Path) -> None:
    for name in ("a.data", "b.data"):
        (tmp_path / name).write_bytes(bytes(16))
    path = saved(tmp_path, beside("v", "b.data"), beside("w", "b.data"), beside("inner", "a.data"))
    assert weight_files(path) == [tmp_path / "a.data", tmp_path / "b.data"]


def test_weights_within_the_model_are_in_no_file(tmp_path: Path) -> None:
    within = numpy_helper.from_array(np.zeros(4, np.float32), "w")
    assert weight_files(saved(tmp_path, within)) == []


@pytest.mark.parametrize(
    ("location", "what"),
    [
        ("gone.data", "weight 'w' is in 'gone.data', which does not exist"),
        ("../x.data", "weight 'w' is in '../x.data', not beside the model"),
    ],
)
def test_refuses_a_file_that_is_not_beside_the_model(
    tmp_path: Path, location: str, what: str
) -> None:
    path = saved(tmp_path, beside("w", location))
    with pytest.raises(GraphError) as refusal:
        weight_files(path)
    assert (refusal.value.what, refusal.value.where, refusal.value.fix) == (
        what,
        str(path),
        "fetch the model again, together with the files that belong to it",
    )
