"""`Pieces`: a model of which other backends compute some kinds of layers.

The layers are put into an order in which few changes from one backend to another are needed. What
follows one another in one backend is a piece: a model of its own, with the weights it has.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import onnx
from numpy.typing import NDArray

from dlscope.backends.base import Backend, Predictor
from dlscope.graph.body import value_name
from dlscope.graph.brick import Brick, tensors_of
from dlscope.graph.brick_model import segment_model
from dlscope.graph.dag import Dag
from dlscope.graph.ir import Graph, Layer
from dlscope.graph.segment import Segment
from dlscope.methods.bounds.setups import Setup

Arrays = Mapping[str, NDArray[Any]]
Open = Callable[[str, Path], Predictor]
"""A predictor of the model in a file, of the backend with that name."""


def cut(graph: Graph, setup: Setup) -> list[tuple[str, Segment]]:
    """The pieces in the order in which they run, each with the name of its backend."""
    pieces: list[tuple[str, list[Layer]]] = []
    waiting = {layer.id: len(before) for layer, before in _before(graph)}
    after = Dag.of_graph(graph).successors
    ready = [layer for layer, count in waiting.items() if not count]
    while ready:
        current = pieces[-1][0] if pieces else setup.backend
        same = [each for each in ready if _backend(graph.layers[each], setup) == current]
        layer = graph.layers[min(same or ready)]
        backend = _backend(layer, setup)
        if not pieces or backend != current:
            pieces.append((backend, []))
        pieces[-1][1].append(layer)
        ready.remove(layer.id)
        for each in after[layer.id]:
            waiting[each] -= 1
            if not waiting[each]:
                ready.append(each)
    return [(backend, Segment(graph, tuple(layers))) for backend, layers in pieces]


def _before(graph: Graph) -> list[tuple[Layer, tuple[int, ...]]]:
    before = Dag.of_graph(graph).predecessors
    return [(layer, before.get(layer.id, ())) for layer in graph.layers]


def _backend(layer: Layer, setup: Setup) -> str:
    return setup.elsewhere.get(layer.op_type, setup.backend)


@final
class Pieces:
    """The opened pieces of a model; inputs and outputs are called as in its graph."""

    def __init__(self, graph: Graph, setup: Setup, open_: Open) -> None:
        self._outputs = [tensor.name for tensor in graph.outputs]
        self._stack = ExitStack()
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="dlscope-")))
        self._pieces: list[_Piece] = []
        with ExitStack() as opening:
            opening.callback(self._stack.close)
            for number, (backend, segment) in enumerate(cut(graph, setup)):
                path = folder / f"piece-{number}.onnx"
                onnx.save(segment_model(segment), path)
                predictor = self._stack.enter_context(open_(backend, path))
                self._pieces.append(_Piece.of(segment, predictor))
            opening.pop_all()

    def predict(self, feeds: Arrays) -> Arrays:
        """The outputs of the model by the names in its graph."""
        known = dict(feeds)
        for piece in self._pieces:
            given = piece.predictor.predict({own: known[name] for own, name in piece.inputs})
            known.update({name: given[own] for own, name in piece.outputs})
        return {name: known[name] for name in self._outputs}

    def close(self) -> None:
        """Give all models back."""
        self._stack.close()


@final
@dataclass(frozen=True)
class _Piece:
    """A predictor; its own names of what it takes and gives, each with the graph's name."""

    predictor: Predictor
    inputs: Sequence[tuple[str, str]]
    outputs: Sequence[tuple[str, str]]

    @classmethod
    def of(cls, segment: Segment, predictor: Predictor) -> _Piece:
        brick, tensors = Brick.of(segment), tensors_of(segment)
        named = [
            [(value_name(place), tensors[place].name) for place in places]
            for places in (brick.inputs, brick.outputs)
        ]
        return cls(predictor, *named)


def opener(backends: Mapping[str, Backend], options: Mapping[str, Mapping[str, Any]]) -> Open:
    """Opens models in `backends` with the `options` of each."""
    return lambda name, path: backends[name].open(path, options[name])
