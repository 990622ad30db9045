"""`fragments`: the model of a whole design, cut into the models of its operations.

A tensor that crosses a cut stays as it is stored: of an 8-bit network the integers, so that no
operation pays for conversions that the network does not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import final

import onnx
from onnx import helper

from dlscope.core.errors import GraphError
from dlscope.methods.codesign.space.space import Space

STEM, HEAD = "stem", "head"
_STORED = "DequantizeLinear"


def fragments(model: onnx.ModelProto, space: Space) -> dict[str, onnx.ModelProto]:
    """The parts of `model`, a design of `space`, by name: `stem`, each block, `head`.

    Blocks that are skipped have none. Raises `GraphError` for a model whose nodes are not named
    after their blocks.
    """
    cut = _Cut(model)
    names = {block.name for block in space.blocks}
    parts: dict[str, list[onnx.NodeProto]] = {STEM: []}
    for node in model.graph.node:
        part = _part_of(node.name, names, is_first=len(parts) == 1)
        parts.setdefault(part, []).append(node)
    missing = [part for part in (STEM, HEAD) if not parts.get(part)]
    if missing:
        raise GraphError(
            f"no node belongs to the {missing[0]}",
            where=f"design of space {space.name}",
            fix="name each node after its block, a point behind it",
        )
    return {part: cut.model(nodes, part) for part, nodes in parts.items()}


def _part_of(name: str, blocks: set[str], *, is_first: bool) -> str:
    """Nodes before the first block are the stem, those of no block behind it the head."""
    prefix = name.split(".")[0]
    if prefix in blocks:
        return prefix
    return STEM if prefix == STEM or (is_first and prefix != HEAD) else HEAD


@final
class _Cut:
    """A model, ready to be cut: which node gives a value, and what is known of values."""

    def __init__(self, model: onnx.ModelProto) -> None:
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
        graph = inferred.graph
        self._model = model
        self._constants = {each.name: each for each in graph.initializer}
        self._infos = {each.name: each for each in (*graph.input, *graph.value_info, *graph.output)}
        self._giver = {value: node for node in graph.node for value in node.output}
        self._takers: dict[str, list[str]] = {}
        for node in graph.node:
            for value in node.input:
                self._takers.setdefault(value, []).append(node.name)
        self._restored = {n.name: n.output[0] for n in graph.node if n.op_type == _STORED}
        self._results = {each.name for each in graph.output}

    def model(self, nodes: Sequence[onnx.NodeProto], name: str) -> onnx.ModelProto:
        """The model of `nodes`, with what restores stored inputs, without what restores outputs."""
        kept = self._with_sources(self._without_ends(nodes))
        inside = {value for node in kept for value in node.output}
        names = {node.name for node in kept}
        taken = dict.fromkeys(value for node in kept for value in node.input if value)
        inputs = [v for v in taken if v not in inside and v not in self._constants]
        outputs = [v for node in kept for v in node.output if self._leaves(v, names)]
        graph = helper.make_graph(
            kept,
            name,
            [self._infos[value] for value in inputs],
            [self._infos[value] for value in outputs],
            [self._constants[value] for value in taken if value in self._constants],
        )
        return helper.make_model(
            graph, opset_imports=self._model.opset_import, ir_version=self._model.ir_version
        )

    def _with_sources(self, nodes: Sequence[onnx.NodeProto]) -> list[onnx.NodeProto]:
        """`nodes` behind those that restore their inputs from integers."""
        names = {node.name for node in nodes}
        sources = dict.fromkeys(
            source.name
            for node in nodes
            for source in self._sources(node)
            if source.op_type == _STORED and source.name not in names
        )
        givers: Mapping[str, onnx.NodeProto] = {n.name: n for n in self._giver.values()}
        return [*(givers[name] for name in sources), *nodes]

    def _sources(self, node: onnx.NodeProto) -> Iterator[onnx.NodeProto]:
        return (self._giver[value] for value in node.input if value in self._giver)

    def _without_ends(self, nodes: Sequence[onnx.NodeProto]) -> list[onnx.NodeProto]:
        """`nodes` but for those that restore integers for others alone."""
        names = {node.name for node in nodes}
        return [node for node in nodes if not self._is_end(node, names)]

    def _is_end(self, node: onnx.NodeProto, names: set[str]) -> bool:
        takers = self._takers.get(node.output[0], ())
        return node.op_type == _STORED and bool(takers) and names.isdisjoint(takers)

    def _leaves(self, value: str, names: set[str]) -> bool:
        """Whether others need `value`; what was restored never leaves, but the integers do."""
        giver = self._giver[value]
        if value in self._results:
            return True
        return giver.op_type != _STORED and any(each not in names for each in self._users(value))

    def _users(self, value: str) -> Iterator[str]:
        """The nodes that take `value`, or what restores it."""
        for name in self._takers.get(value, ()):
            restored = self._restored.get(name)
            yield from self._users(restored) if restored is not None else (name,)
