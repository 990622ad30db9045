"""`executed_graph`: the graph that ONNX Runtime really executes, after all of its optimisations."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper

from dlscope.backends.onnxruntime import OPTIMIZATION, quiet_settings
from dlscope.core.errors import BackendError
from dlscope.graph.body import value_name
from dlscope.graph.brick import Brick, tensors_of
from dlscope.graph.brick_model import EMBEDDED_BYTES, brick_feeds, segment_skeleton
from dlscope.graph.ir import Graph, Tensor
from dlscope.graph.program import type_of
from dlscope.graph.read import read_graph
from dlscope.graph.segment import Segment

Feeds = Mapping[str, NDArray[Any]]

# ONNX Runtime has operators in ONNX's own domain that ONNX does not know in this version, such as
# the normalisations that it makes; they are read as if they were in a domain of this name.
_STAND_IN = "onnxruntime.unknown"
_PROVIDERS = ["CPUExecutionProvider"]
_OUTSIDE = "session.optimized_model_external_initializers"
_EXECUTED, _SHOWN, _WEIGHTS = "executed.onnx", "shown.onnx", "weights.bin"


def executed_graph(
    graph: Graph, optimization: str = "all", *, samples: Feeds | None = None
) -> Graph:
    """What ONNX Runtime makes of `graph`: fused, laid out in blocks, with reorderings as layers.

    Inputs and outputs are in the order of those of `graph`. Every shape is what it is when the
    graph runs, since blocked layouts fill channels up; integers that come up are kept as samples.
    `samples` are arrays by the name of an input, to run it with in place of drawn ones.

    The graph holds for this version of ONNX Runtime and for processors with the same
    instructions. Raises `BackendError` where ONNX Runtime can neither save it nor run it.
    """
    whole = Segment(graph, graph.layers)
    brick = Brick.of(whole)
    numbers = {each.name: value_name(place) for place, each in enumerate(tensors_of(whole))}
    given = {numbers[name]: array for name, array in (samples or {}).items() if name in numbers}
    with tempfile.TemporaryDirectory(prefix="dlscope-executed-") as place:
        path = Path(place) / _EXECUTED
        _optimize(whole, brick, path, optimization)
        values = _run(path, {**brick_feeds(brick), **given}, graph.name)
        _state_types(path, values)
        executed = _with_samples(_read(path, graph.task), values)
    return replace(
        executed,
        name=graph.name,
        bindings=graph.bindings,
        inputs=_like(graph.inputs, executed.inputs, numbers),
        outputs=_like(graph.outputs, executed.outputs, numbers),
    )


def _optimize(whole: Segment, brick: Brick, path: Path, optimization: str) -> None:
    """Save what is executed at `path`, its weights beside it."""
    model, weights = segment_skeleton(whole, brick)
    settings = _settings(optimization)
    settings.optimized_model_filepath = str(path)
    # ONNX refuses weights of bodies that are elsewhere.
    if not any(layer.control_flow for layer in whole.layers):
        settings.add_session_config_entry(f"{_OUTSIDE}_file_name", _WEIGHTS)
        settings.add_session_config_entry(f"{_OUTSIDE}_min_size_in_bytes", str(EMBEDDED_BYTES))
    held = [onnxruntime.OrtValue.ortvalue_from_numpy(each) for each in weights.values()]
    settings.add_external_initializers(list(weights), held)
    try:
        onnxruntime.InferenceSession(model.SerializeToString(), settings, providers=_PROVIDERS)
    # Its exceptions have no common base but this one.
    except Exception as error:
        raise _refusal("save the graph that it executes", error, whole.graph.name) from error


def _run(path: Path, feeds: Feeds, where: str) -> dict[str, Any]:
    """Every value that comes up when the model at `path` runs as it is, its inputs included."""
    model = onnx.load(path, load_external_data=False)
    names = [name for node in model.graph.node for name in node.output if name]
    del model.graph.output[:]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    shown = path.with_name(_SHOWN)
    shown.write_bytes(model.SerializeToString())
    try:
        session = onnxruntime.InferenceSession(
            str(shown), _settings("disabled"), providers=_PROVIDERS
        )
        fed = {value.name: feeds[value.name] for value in session.get_inputs()}
        return {**fed, **dict(zip(names, session.run(names, fed), strict=True))}
    # Its exceptions have no common base but this one.
    except Exception as error:
        raise _refusal("run the graph that it saved", error, where) from error


def _settings(optimization: str) -> Any:
    settings = quiet_settings()
    settings.graph_optimization_level = OPTIMIZATION[optimization]
    # Weights in the form that kernels like best would be a second copy, for one run or none.
    settings.add_session_config_entry("session.disable_prepacking", "1")
    return settings


def _refusal(what: str, error: Exception, where: str) -> BackendError:
    return BackendError(
        f"ONNX Runtime cannot {what}: {str(error).strip().splitlines()[0]}",
        where=where,
        fix="cut the graph as it was written: --cut authored",
    )


def _state_types(path: Path, values: Mapping[str, Any]) -> None:
    """Write into the model at `path` the type of every value that came up."""
    model = onnx.load(path, load_external_data=False)
    told = {value.name for value in (*model.graph.input, *model.graph.output)}
    del model.graph.value_info[:]
    model.graph.value_info.extend(
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(value.dtype), type_of(value).shape
        )
        for name, value in values.items()
        if isinstance(value, np.ndarray) and name not in told
    )
    _rename_unknown(model)
    path.write_bytes(model.SerializeToString())


def _rename_unknown(model: onnx.ModelProto) -> None:
    version = next(each.version for each in model.opset_import if not each.domain)
    for node in model.graph.node:
        if not node.domain and not _is_known(node.op_type, version):
            node.domain = _STAND_IN
    model.opset_import.append(helper.make_opsetid(_STAND_IN, version))


def _is_known(op_type: str, version: int) -> bool:
    try:
        onnx.defs.get_schema(op_type, version)
    except onnx.defs.SchemaError:
        return False
    return True


def _read(path: Path, task: str | None) -> Graph:
    """The graph at `path`, its operators under their own names again."""
    graph = read_graph(path, task=task)
    layers = tuple(
        replace(layer, domain="") if layer.domain == _STAND_IN else layer for layer in graph.layers
    )
    opsets = {domain: each for domain, each in graph.opsets.items() if domain != _STAND_IN}
    return replace(graph, layers=layers, opsets=opsets)


def _with_samples(graph: Graph, values: Mapping[str, Any]) -> Graph:
    """The same graph, with what came up in the place of each integer that is no constant."""
    known = {name: _with_sample(each, values.get(name)) for name, each in graph.tensors.items()}

    def of(tensors: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(each and known[each.name] for each in tensors)

    layers = tuple(
        replace(
            layer, inputs=of(layer.inputs), outputs=of(layer.outputs), captured=of(layer.captured)
        )
        for layer in graph.layers
    )
    return replace(graph, layers=layers, inputs=of(graph.inputs), outputs=of(graph.outputs))


def _with_sample(tensor: Tensor, value: Any) -> Tensor:
    if tensor.kind == "const" or not isinstance(value, np.ndarray) or value.dtype.kind not in "iub":
        return tensor
    value.flags.writeable = False
    return replace(tensor, sample=value)


def _like(
    wanted: tuple[Tensor, ...], found: tuple[Tensor, ...], numbers: Mapping[str, str]
) -> tuple[Tensor, ...]:
    """`found` in the order of `wanted`, which `numbers` gives the names that they go by."""
    by_name = {each.name: each for each in found}
    names = [numbers.get(each.name, "") for each in wanted]
    return tuple(by_name[name] for name in names if name in by_name)
