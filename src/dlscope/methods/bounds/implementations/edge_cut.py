"""`cut_edges`: a graph without the nodes at its ends that only change how tensors lie."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import onnx
from numpy.typing import NDArray
from onnx import helper

Arrays = Mapping[str, NDArray[Any]]
IsMover = Callable[[onnx.NodeProto], bool]


@dataclass(frozen=True)
class CutGraph:
    """The nodes of a graph in three parts that follow one another.

    `before` make the tensors named `inputs` from inputs of the graph, `after` make outputs of the
    graph from those named `outputs`; `core` is what lies between.
    """

    model: onnx.ModelProto
    before: tuple[onnx.NodeProto, ...]
    core: tuple[onnx.NodeProto, ...]
    after: tuple[onnx.NodeProto, ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        """What the core takes and does not make, weights excluded."""
        made = {name for node in self.core for name in node.output}
        weights = {each.name for each in self.model.graph.initializer}
        taken = dict.fromkeys(name for node in self.core for name in node.input if name)
        return tuple(name for name in taken if name not in made and name not in weights)

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the core makes that is an output of the graph, or taken after it."""
        wanted = {each.name for each in self.model.graph.output}
        wanted |= {name for node in self.after for name in node.input}
        return tuple(name for node in self.core for name in node.output if name in wanted)

    def part(
        self, nodes: Sequence[onnx.NodeProto], arrays: Arrays, outputs: Iterable[str]
    ) -> onnx.ModelProto:
        """A model of `nodes` that takes tensors like `arrays` and gives `outputs`."""
        used = {name for node in nodes for name in node.input}
        kept = [each for each in self.model.graph.initializer if each.name in used]
        graph = helper.make_graph(
            nodes,
            "part",
            [_like(name, array) for name, array in arrays.items()],
            [onnx.ValueInfoProto(name=name) for name in outputs],
            initializer=kept,
        )
        imports = list(self.model.opset_import)
        return helper.make_model(graph, opset_imports=imports, ir_version=self.model.ir_version)


def cut_edges(model: onnx.ModelProto, is_mover: IsMover) -> CutGraph:
    """`model` cut after the movers that it begins with and before those that it ends with."""
    nodes = list(model.graph.node)
    before = _leading(model, nodes, is_mover)
    rest = [node for node in nodes if node not in before]
    after = _trailing(rest, is_mover)
    core = tuple(node for node in rest if node not in after)
    return CutGraph(model, tuple(before), core, tuple(after))


def _leading(
    model: onnx.ModelProto, nodes: Sequence[onnx.NodeProto], is_mover: IsMover
) -> list[onnx.NodeProto]:
    known = {each.name for each in (*model.graph.input, *model.graph.initializer)}
    found = []
    for node in nodes:
        if is_mover(node) and known.issuperset(node.input):
            found.append(node)
            known.update(node.output)
    return found


def _trailing(nodes: Sequence[onnx.NodeProto], is_mover: IsMover) -> list[onnx.NodeProto]:
    needed_inside: set[str] = set()
    found = []
    for node in reversed(nodes):
        if is_mover(node) and needed_inside.isdisjoint(node.output):
            found.append(node)
        else:
            needed_inside.update(node.input)
    return found[::-1]


def _like(name: str, array: NDArray[Any]) -> onnx.ValueInfoProto:
    dtype = helper.np_dtype_to_tensor_dtype(array.dtype)
    return helper.make_tensor_value_info(name, dtype, array.shape)
