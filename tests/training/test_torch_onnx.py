from __future__ import annotations

import sys

import pytest

torch = pytest.importorskip("torch")

from dlscope.core.errors import PluginError  # noqa: E402 - after the check for torch
from dlscope.training.torch_onnx import onnx_program  # noqa: E402


def test_says_what_exporting_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(PluginError) as refused:
        onnx_program(torch.nn.ReLU(), (torch.zeros(1, 2),), inputs=["x"], outputs=["y"])
    assert refused.value.what == "exporting needs 'onnxscript', which is not installed"
    assert refused.value.fix == "pip install 'dlscope[training]'"


@pytest.mark.slow
def test_writes_a_model_with_the_names_that_it_is_given_and_says_nothing(tmp_path, capsys):
    pytest.importorskip("onnxscript")
    onnx = pytest.importorskip("onnx")
    free = {"input": {0: torch.export.Dim("N")}}
    program = onnx_program(
        torch.nn.ReLU(), (torch.zeros(2, 3),), inputs=["values"], outputs=["kept"], free=free
    )
    program.save(str(tmp_path / "relu.onnx"))
    graph = onnx.load(tmp_path / "relu.onnx").graph
    assert [each.name for each in graph.input] == ["values"]
    assert [each.name for each in graph.output] == ["kept"]
    assert graph.input[0].type.tensor_type.shape.dim[0].dim_param
    assert capsys.readouterr().out == ""
