"""`cut_model` and `cut_models`: graphs as bricks, and how the bricks compose them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import final

from dlscope.graph.brick import Brick, tensors_of
from dlscope.graph.ir import Graph, Tensor
from dlscope.graph.partition import Cut, windows
from dlscope.graph.partition import partition as segments_of
from dlscope.graph.segment import Segment, is_view
from dlscope.methods.bricks.composed_model import ComposedModel, Step, Term
from dlscope.methods.bricks.suite import Partition, Suite, require_one_of_each


def cut_models(
    graphs: Iterable[tuple[str, Graph]],
    granularity: int,
    *,
    cut: Cut,
    runtime: str,
    partition: Partition = "standard",
) -> Suite:
    """A suite of the named `graphs`, cut into bricks of at most `granularity` layers.

    Raises `GraphError` for a granularity below 1, for a name that several have, and where windows
    cannot overlap.
    """
    bricks: dict[str, Brick] = {}
    models: list[ComposedModel] = []
    for name, graph in graphs:
        require_one_of_each([*(each.name for each in models), name])
        models.append(cut_model(name, graph, granularity, bricks, partition=partition))
    return Suite(cut, granularity, runtime, bricks, tuple(models), partition=partition)


def cut_model(
    name: str,
    graph: Graph,
    granularity: int,
    bricks: dict[str, Brick],
    *,
    partition: Partition = "standard",
) -> ComposedModel:
    """The model as steps; bricks that `bricks` does not have yet are added to it."""
    pieces = _Pieces(graph, bricks)
    if partition == "standard":
        pieces.apart(granularity)
    else:
        pieces.overlapping(granularity)
    return ComposedModel(
        name=name,
        task=graph.task or "",
        batch=graph.batch,
        layers=len(graph.layers),
        whole=Brick.of(Segment(graph, graph.layers)).id,
        composition=pieces.composition,
        views=pieces.views,
        bindings=graph.bindings,
        steps=tuple(pieces.steps),
        inputs=pieces.memory.of(graph.inputs),
        outputs=pieces.memory.of(graph.outputs),
        differences=tuple(Term(*pair, count) for pair, count in pieces.differences.items()),
    )


@final
class _Pieces:
    """What a graph falls into: steps, what is counted whole, and differences of windows."""

    def __init__(self, graph: Graph, bricks: dict[str, Brick]) -> None:
        self._graph = graph
        self._bricks = bricks
        self.memory = _Memory(graph)
        self.steps: list[Step] = []
        self.composition: Counter[str] = Counter()
        self.differences: Counter[tuple[str, str]] = Counter()
        self.views = 0

    def apart(self, granularity: int) -> None:
        """Each layer in one segment."""
        for segment in segments_of(self._graph, granularity):
            core = segment.without_edge_views()
            views = len(segment.layers) - len(core.layers)
            self.views += views
            if core.layers:
                self.composition[self._executed(core, views)] += 1
            else:
                self.steps.append(Step(None, views))

    def overlapping(self, granularity: int) -> None:
        """Windows, each less all of it but its last layer: what is left is that layer.

        T = t[0..L−1] + Σ max(0, t[i..i+L−1] − t[i..i+L−2])

        A view at the end of a window is not executed. It is part of the difference in which a
        later layer needs it, and else counts as a view: so each layer is counted once.
        """
        found = windows(self._graph, granularity)
        self.views = len(self._graph.layers)
        for index, window in enumerate(found):
            shared = Segment(self._graph, window.layers[:-1] if index else ())
            core, overlap = window.without_edge_views(), shared.without_edge_views()
            new = len(core.layers) - len(overlap.layers)
            self.views -= new
            if new and overlap.layers:
                pair = self._executed(overlap, 0), self._executed(core, 0)
                self.differences[pair[1], pair[0]] += 1
            elif new:
                self.composition[self._executed(core, 0)] += 1

    def _executed(self, core: Segment, views: int) -> str:
        brick = Brick.of(core)
        known = self._bricks.get(brick.id)
        self._bricks[brick.id] = known.with_sizes_of(brick) if known else brick
        order = tensors_of(core)
        inputs = [order[place] for place in brick.inputs]
        outputs = [order[place] for place in brick.outputs]
        self.steps.append(Step(brick.id, views, self.memory.of(inputs), self.memory.of(outputs)))
        return brick.id


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
