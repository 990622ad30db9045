"""`Trace`: a walk over a graph for a framework that traces functions, sizes being known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, final

import numpy as np
from numpy.typing import NDArray

from dlscope.backends.onnx_graph.constants import evaluated, is_constant
from dlscope.backends.onnx_graph.node import OnnxNode, Rules
from dlscope.backends.onnx_graph.program import Program

V = TypeVar("V")


@dataclass(frozen=True)
class Tracing(Generic[V]):
    """What a framework brings: its name and rules, and how it names a node and takes an array."""

    framework: str
    rules: Rules[V]
    named: Callable[[str], AbstractContextManager[Any]]
    tensor: Callable[[NDArray[Any]], V]


@final
class Trace(Generic[V]):
    """One walk. What depends on sizes alone is an array, and no part of the traced function."""

    fixed_shapes = True

    def __init__(self, program: Program, tracing: Tracing[V], values: Mapping[str, V]) -> None:
        self.framework = tracing.framework
        self._program = program
        self._tracing = tracing
        self._values = dict(values)
        self._known = dict(program.constants)

    def run(self) -> list[V]:
        """The outputs, every node computed: from sizes alone at once, else in the function."""
        program = self._program
        for proto in program.nodes:
            if is_constant(proto, self._known.__contains__):
                feeds = {name: self._known[name] for name in proto.input if name}
                self._known.update(evaluated(proto, feeds, program.opset))
                continue
            node = OnnxNode(proto, program.opset, self, program.where)
            self._keep(node.outputs, self._tracing.rules[proto.op_type](node))
        return [self.value(spec.name) for spec in program.outputs]

    def _keep(self, names: list[str], result: Any) -> None:
        results = result if isinstance(result, tuple) else (result,)
        for name, value in zip(names, results, strict=False):
            place = self._known if isinstance(value, np.ndarray) else self._values
            place[name] = value

    def value(self, name: str) -> V:
        """The tensor `name`; one that is known is a constant of the traced function."""
        if name not in self._values:
            self._values[name] = self._tracing.tensor(self._known[name])
        return self._values[name]

    def constant(self, name: str) -> NDArray[Any] | None:
        """The tensor `name` where it does not depend on what is fed."""
        return self._known.get(name)

    def call(self, name: str, function: Callable[..., Any], args: Any, kwargs: Any) -> V:
        """The result of `function`, traced under the name of its node."""
        with self._tracing.named(name):
            result: V = function(*args, **kwargs)
        return result
