"""`executed_model`: the graph that ONNX Runtime really executes, after all of its optimisations."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper

from dlscope.backends.onnxruntime import OPTIMIZATION, quiet_settings
from dlscope.core.errors import BackendError
from dlscope.graph.brick import Brick
from dlscope.graph.brick_model import brick_feeds, segment_model
from dlscope.graph.ir import Graph
from dlscope.graph.program import type_of
from dlscope.graph.read import read_graph
from dlscope.graph.segment import Segment

_LARGE_BYTES = 2_000_000_000


def executed_graph(graph: Graph, optimization: str = "all") -> Graph:
    """What ONNX Runtime makes of `graph`: fused, laid out in blocks, with reorderings as layers.

    Every shape is what it is when the graph runs, since blocked layouts fill channels up; small
    integers that come up are kept as samples. The graph holds for this version of ONNX Runtime and
    for processors with the same instructions. Raises `BackendError` where it cannot be saved.
    """
    whole = Segment(graph, graph.layers)
    with tempfile.TemporaryDirectory(prefix="dlscope-executed-") as place:
        model = _optimized(segment_model(whole), Path(place), optimization)
    _state_types(model, brick_feeds(Brick.of(whole)))
    return read_graph(model, task=graph.task)


def _optimized(model: onnx.ModelProto, folder: Path, optimization: str) -> onnx.ModelProto:
    source, target = folder / "model.onnx", folder / "executed.onnx"
    onnx.save(model, source, save_as_external_data=model.ByteSize() > _LARGE_BYTES)
    settings = quiet_settings()
    settings.graph_optimization_level = OPTIMIZATION[optimization]
    settings.optimized_model_filepath = str(target)
    try:
        onnxruntime.InferenceSession(str(source), settings, providers=["CPUExecutionProvider"])
        return onnx.load(target)
    # Its exceptions have no common base but this one.
    except Exception as error:
        raise BackendError(
            f"ONNX Runtime cannot save the graph that it executes: {str(error).splitlines()[0]}",
            where=model.graph.name,
            fix="cut the graph as it was written: --cut authored",
        ) from error


def _state_types(model: onnx.ModelProto, feeds: Mapping[str, NDArray[Any]]) -> None:
    """Run the model once as it is and write into it the type of every value that came up."""
    names = [name for node in model.graph.node for name in node.output if name]
    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    del shown.graph.output[:]
    shown.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    settings = quiet_settings()
    settings.graph_optimization_level = OPTIMIZATION["disabled"]
    session = onnxruntime.InferenceSession(
        shown.SerializeToString(), settings, providers=["CPUExecutionProvider"]
    )
    taken = {value.name for value in session.get_inputs()}
    values = session.run(names, {name: each for name, each in feeds.items() if name in taken})
    del model.graph.value_info[:]
    leaving = {value.name for value in model.graph.output}
    for name, value in zip(names, values, strict=True):
        if isinstance(value, np.ndarray) and name not in leaving:
            found = type_of(value)
            model.graph.value_info.append(
                helper.make_tensor_value_info(
                    name, helper.np_dtype_to_tensor_dtype(value.dtype), found.shape
                )
            )
