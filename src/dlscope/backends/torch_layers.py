"""When each ONNX node of a translated module began and ended, read between its calls.

The clock is read by calls of its own in the `fx` graph, so that no wrapper stands between the
interpreter and the operators: two readings of the clock for each node, two calls for each
iteration.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, final

import torch
from torch import fx

from dlscope.backends.onnx_to_torch.origin import Origin, origin_of
from dlscope.core.trace import Attribute, Level
from dlscope.tracing.sources.host_spans import Caller, HostSpans
from dlscope.tracing.sources.tensor_text import tensor_attributes
from dlscope.tracing.tracer import Drained, Tracer

Shapes = tuple[tuple[int, ...], ...]


class LayerTime(NamedTuple):
    """One execution of an ONNX node; `mark` is what the clock was told to read at its end."""

    start_ns: int
    end_ns: int
    mark: int


class Iteration(NamedTuple):
    """One call of the module: its thread, the shapes it was fed, the time of every layer."""

    thread: int
    shapes: Shapes
    times: tuple[LayerTime, ...]


@final
class LayerClock:
    """`module` is a copy of what it is given that tells the time of its `layers` to who listens.

    `mark` is read at the end of each layer, after the time. `wait` is called before the end of a
    layer, for a device that works on while the host goes ahead.
    """

    def __init__(
        self,
        module: fx.GraphModule,
        *,
        mark: Callable[[], int] | None = None,
        wait: Callable[[], None] | None = None,
    ) -> None:
        graph = _TimedGraph(self._begin, self._end, mark, wait)
        self.module = fx.GraphModule(module, graph.of(module.graph))
        self.layers = tuple(graph.layers)
        self._untimed = module
        self._listeners: list[list[Iteration]] = []
        self._fed: dict[Shapes, tuple[torch.Tensor, ...]] = {}
        self._current: tuple[int, Shapes] = (0, ())

    def listen(self) -> list[Iteration]:
        """A list to which every iteration is appended from now on."""
        heard: list[Iteration] = []
        self._listeners.append(heard)
        return heard

    def leave(self, heard: list[Iteration]) -> None:
        """Append no more to a list that `listen` gave."""
        self._listeners = [each for each in self._listeners if each is not heard]

    def outputs(self, shapes: Shapes) -> Mapping[int, Mapping[str, Attribute]]:
        """Shape, dtype and bytes of what each layer, by its index, makes of inputs of `shapes`.

        The model is run once more for it, on what it was fed of these shapes before.
        """
        found: dict[int, Mapping[str, Attribute]] = {}

        def observe(index: int, result: Any) -> None:
            # The last call that was made for an ONNX node gives its outputs.
            found[index] = _attributes(result)

        with torch.inference_mode():
            _observed(self._untimed, observe).forward(*self._fed[shapes])
        return found

    def _begin(self, *inputs: torch.Tensor) -> None:
        shapes = tuple(tuple(each.shape) for each in inputs)
        self._fed.setdefault(shapes, inputs)
        self._current = threading.get_native_id(), shapes

    def _end(self, *readings: int) -> None:
        if self._listeners:
            times = zip(*(iter(readings),) * len(LayerTime._fields), strict=True)
            iteration = Iteration(*self._current, tuple(map(LayerTime._make, times)))
            for heard in self._listeners:
                heard.append(iteration)


@final
class LayerTracer(Tracer):
    """A LAYER span for each ONNX node of each iteration."""

    name = "torch"
    levels = (Level.LAYER,)

    def __init__(self, clock: LayerClock) -> None:
        self._clock = clock
        self._heard: list[Iteration] = []

    def _start(self) -> None:
        self._heard = self._clock.listen()

    def _stop(self) -> None:
        self._clock.leave(self._heard)

    def _drain(self) -> Drained:
        distinct = {iteration.shapes for iteration in self._heard}
        outputs = {shapes: self._clock.outputs(shapes) for shapes in distinct}
        spans = HostSpans(self.name)
        for thread, shapes, times in self._heard:
            caller = Caller(os.getpid(), thread)
            for layer, time_ in zip(self._clock.layers, times, strict=True):
                spans.add(
                    Level.LAYER,
                    layer.name,
                    time_.start_ns,
                    time_.end_ns - time_.start_ns,
                    type=layer.op_type,
                    attributes=outputs[shapes][layer.index],
                    caller=caller,
                )
        return Drained(spans.trace())


@final
class _TimedGraph:
    """Copies a graph, with readings around the calls that one ONNX node was translated to."""

    def __init__(
        self,
        begin: Callable[..., None],
        end: Callable[..., None],
        mark: Callable[[], int] | None,
        wait: Callable[[], None] | None,
    ) -> None:
        # Generated code calls what it is given by name, for which methods have none that is right.
        self._begin, self._end = _named("begin", begin), _named("end", end)
        self._mark = _named("mark", mark) if mark else None
        self._wait = _named("wait", wait) if wait else None
        self._graph = fx.Graph()
        self._readings: list[fx.Node | int] = []
        self.layers: list[Origin] = []

    def of(self, graph: fx.Graph) -> fx.Graph:
        copies: dict[fx.Node, fx.Node] = {}
        inputs = [node for node in graph.nodes if node.op == "placeholder"]
        others = [node for node in graph.nodes if node.op not in ("placeholder", "output")]
        (output,) = (node for node in graph.nodes if node.op == "output")
        self._copy(inputs, copies)
        self._call(self._begin, *(copies[node] for node in inputs))
        for origin, nodes in _groups(others):
            self._copy_timed(origin, nodes, copies)
        self._call(self._end, *self._readings)
        self._copy([output], copies)
        self._graph.lint()
        return self._graph

    def _copy_timed(
        self, origin: Origin | None, nodes: list[fx.Node], copies: dict[fx.Node, fx.Node]
    ) -> None:
        # What only fetches a weight is no layer.
        if origin is None or all(node.op == "get_attr" for node in nodes):
            self._copy(nodes, copies)
            return
        self.layers.append(origin)
        self._readings.append(self._call(time.perf_counter_ns))
        self._copy(nodes, copies)
        if self._wait is not None:
            self._call(self._wait)
        self._readings.append(self._call(time.perf_counter_ns))
        self._readings.append(self._call(self._mark) if self._mark is not None else 0)

    def _copy(self, nodes: Iterable[fx.Node], copies: dict[fx.Node, fx.Node]) -> None:
        for node in nodes:
            copies[node] = self._graph.node_copy(node, copies.__getitem__)

    def _call(self, function: Callable[..., Any], *args: fx.Node | int) -> fx.Node:
        return self._graph.call_function(function, args)


def _observed(module: fx.GraphModule, observe: Callable[[int, Any], None]) -> fx.GraphModule:
    """A copy that tells every result, with the index of the ONNX node that it was made for."""
    graph, copies = fx.Graph(), dict[fx.Node, fx.Node]()
    look = _named("look", observe)
    for node in module.graph.nodes:
        copies[node] = graph.node_copy(node, copies.__getitem__)
        origin = origin_of(node)
        if origin is not None and node.op != "get_attr":
            graph.call_function(look, (origin.index, copies[node]))
    return fx.GraphModule(module, graph)


def _attributes(result: Any) -> dict[str, Attribute]:
    tensors = result if isinstance(result, tuple | list) else (result,)
    return tensor_attributes(
        "output",
        [tuple(each.shape) for each in tensors],
        [str(each.dtype).removeprefix("torch.") for each in tensors],
        sum(each.numel() * each.element_size() for each in tensors),
    )


def _groups(nodes: Iterable[fx.Node]) -> Iterator[tuple[Origin | None, list[fx.Node]]]:
    return ((origin, list(group)) for origin, group in itertools.groupby(nodes, key=origin_of))


def _named(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        return function(*args)

    call.__name__ = call.__qualname__ = f"{name}_of_layers"
    return call
