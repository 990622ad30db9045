"""`cut_model` and `cut_models`: graphs as bricks, and how the bricks compose them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import final

from dlscope.graph.brick import Brick, tensors_of
from dlscope.graph.ir import Graph, Tensor
from dlscope.graph.partition import partition
from dlscope.graph.segment import Segment, is_view
from dlscope.methods.bricks.suite import ComposedModel, Cut, Step, Suite


def cut_models(
    graphs: Iterable[tuple[str, Graph]], granularity: int, *, cut: Cut, runtime: str
) -> Suite:
    """A suite of the named `graphs`, cut into bricks of at most `granularity` layers.

    Raises `GraphError` for a granularity below 1.
    """
    bricks: dict[str, Brick] = {}
    models = tuple(cut_model(name, graph, granularity, bricks) for name, graph in graphs)
    return Suite(cut, granularity, runtime, bricks, models)


def cut_model(name: str, graph: Graph, granularity: int, bricks: dict[str, Brick]) -> ComposedModel:
    """The model as steps; bricks that `bricks` does not have yet are added to it."""
    memory = _Memory(graph)
    steps = [_step(segment, memory, bricks) for segment in partition(graph, granularity)]
    return ComposedModel(
        name=name,
        task=graph.task or "",
        batch=graph.batch,
        layers=len(graph.layers),
        whole=Brick.of(Segment(graph, graph.layers)).id,
        composition=Counter(step.brick for step in steps if step.brick),
        views=sum(step.views for step in steps),
        bindings=graph.bindings,
        steps=tuple(steps),
        inputs=memory.of(graph.inputs),
        outputs=memory.of(graph.outputs),
    )


def _step(segment: Segment, memory: _Memory, bricks: dict[str, Brick]) -> Step:
    core = segment.without_edge_views()
    views = len(segment.layers) - len(core.layers)
    if not core.layers:
        return Step(None, views)
    brick = Brick.of(core)
    known = bricks.get(brick.id)
    bricks[brick.id] = known.with_sizes_of(brick) if known else brick
    order = tensors_of(core)
    inputs = [order[place] for place in brick.inputs]
    outputs = [order[place] for place in brick.outputs]
    return Step(brick.id, views, memory.of(inputs), memory.of(outputs))


@final
class _Memory:
    """Numbers for the memory behind tensors: a view has that of its source."""

    def __init__(self, graph: Graph) -> None:
        self._source: dict[Tensor, Tensor] = {}
        for layer in graph.layers:
            if is_view(layer) and layer.sources and layer.outputs[0]:
                self._source[layer.outputs[0]] = layer.sources[0]
        self._numbers: dict[Tensor, int] = {}

    def of(self, tensors: Sequence[Tensor]) -> tuple[int, ...]:
        return tuple(
            self._numbers.setdefault(self._root(each), len(self._numbers)) for each in tensors
        )

    def _root(self, tensor: Tensor) -> Tensor:
        while tensor in self._source:
            tensor = self._source[tensor]
        return tensor
