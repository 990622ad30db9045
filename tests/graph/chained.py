"""Segments run one after the other by ONNX Runtime, as they were cut and without optimisation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime

from dlscope.backends.onnxruntime import OPTIMIZATION, quiet_settings
from dlscope.catalog.assets import fetch
from dlscope.catalog.finder import find
from dlscope.graph.body import value_name
from dlscope.graph.brick import tensors_of
from dlscope.graph.brick_model import segment_model
from dlscope.graph.ir import Graph, Tensor
from dlscope.graph.partition import partition
from dlscope.graph.read import read_graph

Feeds = Mapping[str, Any]

REAL: Mapping[str, Mapping[str, int]] = {
    "mobilenet_v2": {},
    "googlenet": {},
    "vit_tiny": {},
    "lstm": {},
    "silero-vad": {"sequence": 576},
}
"""Models of the catalog and the sizes of their free axes that are not 1."""


def real_network(name: str) -> tuple[Path, Graph]:
    """One of `REAL` as a file and as a graph."""
    path = fetch(find("models", name)).paths["graph"]
    return path, read_graph(path, REAL[name], default_dim=1)


def drawn_feeds(graph: Graph) -> dict[str, Any]:
    """Standard normal numbers for each input; ones for integers."""
    generator = np.random.default_rng(7)
    return {each.name: _drawn(each, generator) for each in graph.inputs}


def _drawn(tensor: Tensor, generator: np.random.Generator) -> Any:
    if tensor.dtype.startswith("float"):
        return generator.standard_normal(tensor.shape).astype(tensor.dtype)
    return np.ones(tensor.shape, tensor.dtype)


def answers(model: onnx.ModelProto, feeds: Feeds, optimization: str = "disabled") -> dict[str, Any]:
    """What ONNX Runtime gives, by the names of the outputs."""
    settings = quiet_settings()
    settings.graph_optimization_level = OPTIMIZATION[optimization]
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), settings, providers=["CPUExecutionProvider"]
    )
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, dict(feeds)), strict=True))


def chained(graph: Graph, granularity: int, feeds: Feeds) -> list[Any]:
    """The outputs of `graph`, computed segment by segment with the weights that it has."""
    values = dict(feeds)
    for segment in partition(graph, granularity):
        numbers = {each: value_name(place) for place, each in enumerate(tensors_of(segment))}
        fed = {numbers[each]: values[each.name] for each in segment.inputs}
        given = answers(segment_model(segment), fed)
        values.update({each.name: given[numbers[each]] for each in segment.outputs})
    return [values[each.name] for each in graph.outputs]


def largest_difference(one: Any, other: Any) -> float:
    """The largest difference of two arrays relative to the largest element of the other."""
    return float(np.abs(one - other).max() / np.abs(other).max())
