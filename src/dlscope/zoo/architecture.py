"""`Architecture`: a family of networks written layer by layer, with weights from a seed.

Such a network costs what a trained one costs; its answers mean nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

import onnx

from dlscope.core.errors import GraphError
from dlscope.graph.builder import GraphBuilder, serialize
from dlscope.zoo.blocks import Layers
from dlscope.zoo.network import require_choice, require_number, require_options
from dlscope.zoo.parameters import Drawn, Outlined

SIDE = 224
CLASSES = 1000
"""Pixels of a side and classes of ImageNet-1k, what most image networks are made for."""


@final
@dataclass(frozen=True)
class Choice:
    """An option that is one of `values`; without a default it must be given."""

    values: tuple[str, ...]
    default: str | None = None

    def check(self, network: str, key: str, value: str) -> None:
        """Raise `GraphError` for another value."""
        require_choice(network, key, value, self.values)


@final
@dataclass(frozen=True)
class Number:
    """An option that is a whole number of at least `least`; see `Choice` for the default."""

    default: str | None = None
    least: int = 1

    def check(self, network: str, key: str, value: str) -> None:
        """Raise `GraphError` for anything else."""
        require_number(network, key, value, self.least)


Options = Mapping[str, str]
"""Every option of an architecture, checked, defaults filled in."""


@final
@dataclass(frozen=True)
class Architecture:
    """A family of networks: its name, its options besides `seed`, and what writes its layers."""

    name: str
    options: Mapping[str, Choice | Number]
    write: Callable[[Layers, Options], None]

    def checked(self, options: Options, *more: str) -> Options:
        """`options` with defaults, all of them and the keys `more` there; or `GraphError`."""
        defaults = {k: o.default for k, o in self.options.items() if o.default is not None}
        complete = {**defaults, **options}
        require_options(self.name, complete, [*self.options, *more])
        for key, option in self.options.items():
            option.check(self.name, key, complete[key])
        return complete


@dataclass(frozen=True)
class Outline:
    """A network without its arrays: each parameter is an input of `model`.

    `parameters` is how many numbers it learns; statistics of batch normalisation do not count.
    """

    model: onnx.ModelProto
    parameters: int


def draw_network(architecture: Architecture, weights: Path | None, options: Options) -> bytes:
    """The ONNX file of a network whose weights are drawn from `options["seed"]`.

    Raises `GraphError` for weights in a file, and for an option that is missing or not one of the
    architecture's.
    """
    name = architecture.name
    chosen = architecture.checked(options, "seed")
    seed = require_number(name, "seed", chosen["seed"], 0)
    if weights is not None:
        raise GraphError(
            f"{name} draws its weights from a seed and reads none",
            where=f"generated:{name}",
            fix="leave the asset 'weights' out",
        )
    graph = GraphBuilder(name)
    architecture.write(Layers(graph, Drawn(seed)), chosen)
    return serialize(graph.finish())


def outline(architecture: Architecture, options: Options) -> Outline:
    """The network of `options`, without `seed`, at almost no cost. Raises `GraphError` likewise."""
    graph, parameters = GraphBuilder(architecture.name), Outlined()
    architecture.write(Layers(graph, parameters), architecture.checked(options))
    return Outline(graph.finish(), parameters.count)
