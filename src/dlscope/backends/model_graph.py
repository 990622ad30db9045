"""`graph_of`: the graph of a model as it is cut, kept until anything that it depends on changes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import final

import numpy as np
import onnx
from onnx import helper

from dlscope.catalog.assets import fetch
from dlscope.catalog.cache import cache_folder, digest_of, keep, kept
from dlscope.catalog.finder import find
from dlscope.core.digest import digest
from dlscope.core.errors import GraphError
from dlscope.core.manifest import ModelManifest
from dlscope.graph.bind import bind
from dlscope.graph.body import value_name
from dlscope.graph.brick import tensors_of
from dlscope.graph.brick_model import segment_model
from dlscope.graph.ir import Graph
from dlscope.graph.partition import Cut
from dlscope.graph.program import element_type
from dlscope.graph.read import read_graph
from dlscope.graph.segment import Segment
from dlscope.graph.signature import read_signature

_FORM = 2
"""Of the files that are kept; another form is another file."""


@final
@dataclass(frozen=True)
class CutGraph:
    """A model by name, the graph that is cut, and a file with that graph and its own weights."""

    name: str
    graph: Graph
    path: Path


def graph_of(
    model: str | os.PathLike[str],
    cut: Cut,
    *,
    batch: int = 1,
    bindings: Mapping[str, int] | None = None,
    default_dim: int | None = None,
) -> CutGraph:
    """The graph of a model of the catalog, or of an ONNX file, with `batch` inputs at once.

    Free axes have the sizes that the model's manifest gives, those in `bindings`, or
    `default_dim`. Raises `DlscopeError` for an unknown model, for one that is no ONNX graph, and
    for an axis without a size.
    """
    path, name, sizes, task = _source(model, batch)
    sizes |= bindings or {}
    _, chosen = bind(read_signature(path).inputs, sizes, default_dim, str(path))
    target = cache_folder("cut") / f"{_key(path, cut, chosen)}.onnx"
    if not kept(target):
        graph = read_graph(path, chosen, task=task)
        _keep(_executed(graph) if cut == "executed" else graph, target)
    # The sizes are fixed in the file that is kept.
    return CutGraph(name, replace(read_graph(target, task=task), bindings=chosen), target)


def _executed(graph: Graph) -> Graph:
    # ONNX Runtime is loaded where its graph is asked for, and not before.
    from dlscope.backends.onnxruntime_executed import executed_graph

    return executed_graph(graph)


def _source(
    model: str | os.PathLike[str], batch: int
) -> tuple[Path, str, dict[str, int], str | None]:
    """File, name, sizes of free axes, task."""
    if str(model).endswith(".onnx"):
        path = Path(model)
        return path, path.stem, _batches(path, batch), None
    manifest = find("model", os.fspath(model))
    assert isinstance(manifest, ModelManifest)
    role = manifest.graph_role(frozenset({"onnx"}))
    if role is None:
        raise GraphError(
            f"model {manifest.name!r} has no ONNX graph",
            where=f"model {manifest.name}",
            fix="cut a model that has one",
        )
    path = fetch(manifest).paths[role]
    return path, manifest.name, _declared(manifest, path, batch), manifest.task


def _batches(path: Path, batch: int) -> dict[str, int]:
    """The first axis of the first input is the batch, where it is free and has a name."""
    inputs = read_signature(path).inputs
    first = inputs[0].shape if inputs else None
    return {first[0]: batch} if first and isinstance(first[0], str) else {}


def _declared(manifest: ModelManifest, path: Path, batch: int) -> dict[str, int]:
    """Sizes of axes with a name, as the manifest declares them."""
    sizes: dict[str, int] = {}
    declared = {each.tensor: each.shape for each in manifest.inputs}
    for tensor in read_signature(path).inputs:
        for axis, size in zip(tensor.shape or (), declared.get(tensor.name, ()), strict=False):
            chosen = batch if size == "N" else size
            if isinstance(axis, str) and isinstance(chosen, int):
                sizes[axis] = chosen
    return sizes


def _key(path: Path, cut: Cut, sizes: Mapping[str, int]) -> str:
    depends: dict[str, object] = {
        "form": _FORM,
        "file": digest_of(path),
        "cut": cut,
        "sizes": dict(sorted(sizes.items())),
        "versions": [version("dlscope"), version("onnx")],
    }
    if cut == "executed":
        depends |= {"runtime": version("onnxruntime"), "instructions": _instructions()}
    return digest(depends)


def _instructions() -> list[str]:
    """The instructions for vectors that this processor has, on which the size of blocks depends."""
    told = np.show_config(mode="dicts") or {}
    return sorted(told["SIMD Extensions"]["found"])


def _keep(graph: Graph, target: Path) -> None:
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        onnx.save(_stated(graph), part)
        keep(part, target)
    finally:
        part.unlink(missing_ok=True)


def _stated(graph: Graph) -> onnx.ModelProto:
    """The graph as a model that states the type of every value and the name of every layer."""
    whole = Segment(graph, graph.layers)
    model = segment_model(whole)
    for node, layer in zip(model.graph.node, graph.layers, strict=True):
        node.name = layer.name
    leaving = set(graph.outputs)
    for place, tensor in enumerate(tensors_of(whole)):
        if tensor.kind == "activation" and tensor not in leaving:
            model.graph.value_info.append(
                helper.make_tensor_value_info(
                    value_name(place), element_type(tensor.dtype), tensor.shape
                )
            )
    return model
