"""Bricks with their own weights, executed one after the other where the plan puts their tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from dlscope.graph.body import value_name
from dlscope.graph.brick import tensors_of
from dlscope.graph.brick_model import segment_model
from dlscope.graph.ir import Graph
from dlscope.graph.partition import partition
from dlscope.graph.segment import Segment
from dlscope.methods.bricks.buffers import place
from dlscope.methods.bricks.cutting import cut_models
from dlscope.methods.bricks.sessions import Memory, Sessions, region

Arrays = list[NDArray[Any]]


def chained(graph: Graph, granularity: int, inputs: Arrays) -> Arrays:
    """The outputs of `graph`, computed by bricks in planned memory."""
    suite = cut_models([("m", graph)], granularity, cut="executed", runtime="none")
    (model,) = suite.models
    placed = place(model, suite.bricks)
    memory = Memory(region(placed.size_bytes), placed)
    sessions = Sessions(threads=1, is_shared_arena=False)
    cores = [each.without_edge_views() for each in partition(graph, granularity)]
    bounds, held = [], {}
    for core, step in zip(cores, model.steps, strict=True):
        if step.brick is None:
            continue
        session, _ = sessions.open(segment_model(core))
        bound = memory.bind(session, suite.bricks[step.brick], step)
        held.update(zip((*step.inputs, *step.outputs), bound.arrays, strict=True))
        bounds.append(bound)
    for number, array in zip(model.inputs, inputs, strict=True):
        held.setdefault(number, array)  # of an output that is a view of an input
        np.copyto(held[number], array.reshape(held[number].shape))
    for bound in bounds:
        bound.run()
    return [held[number].copy() for number in model.outputs]


def whole(graph: Graph, inputs: Arrays) -> Arrays:
    """The outputs of `graph` as ONNX Runtime computes them, without optimising."""
    segment = Segment(graph, graph.layers)
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    settings.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        segment_model(segment).SerializeToString(), settings, providers=["CPUExecutionProvider"]
    )
    names = {tensor: value_name(at) for at, tensor in enumerate(tensors_of(segment))}
    feeds = {
        names[tensor]: array
        for tensor, array in zip(graph.inputs, inputs, strict=True)
        if tensor in names
    }
    found: Arrays = session.run([names[each] for each in graph.outputs], feeds)
    return found
