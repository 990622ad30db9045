"""`LayerWork`: the analytic cost of what a framework executes, which may be several layers fused.

A framework names a fused layer after its last part, or tells the names of all. Layers of the graph
that nothing executed under their own name belong to the executed layer that they lead to. What is
passed from part to part within a fused layer stays in caches or registers: it is no traffic.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, final

from dlscope.graph import Graph, graph_work
from dlscope.methods.profiling.cost import ANALYTIC, Cost

_ADDED = ("_nchwc", "_nhwc", "_token_0", "_kernel_time")
"""What frameworks append to a name when they change a layer."""


@dataclass(frozen=True)
class _Part:
    """One layer of the graph: its cost, and the bytes that it takes from each other layer."""

    flops: float | None
    read_bytes: float
    write_bytes: float
    inputs: Mapping[str, float]


@final
class LayerWork:
    """The work of every layer of a graph by name, for the shapes that were fed."""

    def __init__(self, parts: Mapping[str, _Part]) -> None:
        self._parts = parts

    @classmethod
    def of_graph(cls, graph: Graph) -> Self:
        """The work of each layer of `graph`; that of an operator without a rule is not known."""
        makers = {
            tensor.name: layer
            for layer in graph.layers
            for tensor in layer.outputs
            if tensor is not None
        }
        parts = {}
        for layer, work in zip(graph.layers, graph_work(graph).layers, strict=True):
            inputs: dict[str, float] = {}
            for tensor in layer.inputs:
                if tensor is not None and tensor.name in makers:
                    name = makers[tensor.name].name
                    inputs[name] = inputs.get(name, 0.0) + float(tensor.size_bytes or 0)
            parts[layer.name] = _Part(
                None if work is None else float(work.flops),
                0.0 if work is None else float(work.bytes_read),
                0.0 if work is None else float(work.bytes_written),
                inputs,
            )
        return cls(parts)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """What `to_text` wrote."""
        return cls({name: _Part(**part) for name, part in json.loads(text).items()})

    def to_text(self) -> str:
        """As JSON, to be kept with a Run."""
        return json.dumps({name: _plain(part) for name, part in self._parts.items()})

    def has(self, name: str, told: str = "") -> bool:
        """Whether an executed layer is one of the graph, by its name or by what it tells."""
        return next(self._claimed(name, told), None) is not None

    def costs(self, executed: Sequence[tuple[str, str]]) -> dict[str, Cost]:
        """The cost of each executed layer, from (name, names of its parts or nothing), by name.

        A layer that is not in the graph, such as a change of layout, has none.
        """
        members = self.members(executed)
        return {name: self._fused(parts) for name, parts in members.items() if parts}

    def members(self, executed: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
        """The layers of the graph that each executed layer stands for, from the same pairs.

        None for a layer that the framework made for itself.
        """
        claims = {name: list(self._claimed(name, told)) for name, told in executed}
        taken = {part for parts in claims.values() for part in parts}
        return {name: self._with_what_leads_there(claims[name], taken) for name, _ in executed}

    def readers(self, layer: str) -> frozenset[str]:
        """The layers of the graph that read a result of `layer`."""
        return self._readers.get(layer, frozenset())

    @cached_property
    def _readers(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for name, part in self._parts.items():
            for maker in part.inputs:
                found.setdefault(maker, set()).add(name)
        return {name: frozenset(readers) for name, readers in found.items()}

    def _claimed(self, name: str, told: str) -> Iterator[str]:
        """The layers of the graph that an executed layer says it is."""
        known = [part for part in told.split(",") if part in self._parts]
        own = self._own_name(name)
        yield from known or ([own] if own is not None else [])

    def _own_name(self, name: str) -> str | None:
        """The layer of the graph that an executed layer is named after."""
        while name not in self._parts:
            shorter = next(
                (name.removesuffix(each) for each in _ADDED if name.endswith(each)), None
            )
            if shorter is None:
                return None
            name = shorter
        return name

    def _with_what_leads_there(self, claimed: Sequence[str], taken: set[str]) -> list[str]:
        """`claimed`, and the layers before them that nothing executed has taken; now they are."""
        members, waiting = list(claimed), list(claimed)
        while waiting:
            for before in self._parts[waiting.pop()].inputs:
                if before not in taken:
                    taken.add(before)
                    members.append(before)
                    waiting.append(before)
        return members

    def _fused(self, members: Iterable[str]) -> Cost:
        names = list(members)
        parts = [self._parts[name] for name in names]
        inside = sum(part.inputs.get(name, 0.0) for part in parts for name in names)
        passed_on = {name for part in parts for name in part.inputs if name in names}
        work = [part.flops for part in parts]
        known = [each for each in work if each is not None]
        return Cost(
            sum(known) if len(known) == len(work) else None,
            sum(part.read_bytes for part in parts) - inside,
            sum(self._parts[name].write_bytes for name in names if name not in passed_on),
            source=ANALYTIC,
        )


def _plain(part: _Part) -> dict[str, Any]:
    return {
        "flops": part.flops,
        "read_bytes": part.read_bytes,
        "write_bytes": part.write_bytes,
        "inputs": dict(part.inputs),
    }
