from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from dlscope.backends.onnx_signature import read_model, signature
from dlscope.core.errors import LoadError
from dlscope.testing.small_models import dense


def test_free_axes_have_no_number(tmp_path: Path) -> None:
    path = dense(tmp_path / "model.onnx")
    inputs, outputs = signature(read_model(path), path)
    assert [str(spec) for spec in inputs] == ["float32[?, 3, 4, 4]"]
    assert [str(spec) for spec in outputs] == ["float32[?, 10]"]


def test_weights_listed_as_inputs_are_left_out(tmp_path: Path) -> None:
    model = onnx.load(dense(tmp_path / "model.onnx"))
    weight = model.graph.initializer[0]
    listed = helper.make_tensor_value_info(weight.name, TensorProto.FLOAT, weight.dims)
    model.graph.input.append(listed)
    inputs, _ = signature(model, tmp_path / "model.onnx")
    assert [spec.name for spec in inputs] == ["x"]


def test_refuses_a_file_without_a_graph(tmp_path: Path) -> None:
    path = tmp_path / "empty.onnx"
    path.touch()
    with pytest.raises(LoadError) as refusal:
        read_model(path)
    assert str(refusal.value) == (
        "LoadError: the file holds no ONNX graph\n"
        f"  where  {path}\n"
        "  fix    export the model again, or choose another backend"
    )
