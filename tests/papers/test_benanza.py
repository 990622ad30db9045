"""Benanza: what its bounds say of published networks whatever the machine.

Layers are weighed by their multiply-accumulates. Which layers wait for which decides the rest.
"""

from __future__ import annotations

import pytest
from outlined_graphs import graph_of
from paper_figures import require_agreement

from dlscope.graph.dag import Dag
from dlscope.graph.work import layer_work
from dlscope.methods.bounds.costed import Cost, Costed, CostedLayer
from dlscope.methods.bounds.lower_bounds import parallel_bound, sequential_bound
from dlscope.zoo.architecture import Architecture
from dlscope.zoo.densenet import DENSENET
from dlscope.zoo.googlenet import GOOGLENET
from dlscope.zoo.resnet import RESNET
from dlscope.zoo.vgg import VGG


def _parallel_gain(architecture: Architecture, **options: str) -> float:
    graph = graph_of(architecture, **options)
    layers = tuple(
        CostedLayer(each.id, each.name, each.op_type, (Cost(layer_work(each).macs, "macs"),))
        for each in graph.layers
    )
    costed = Costed(graph.name, layers, Dag.of_graph(graph).predecessors)
    return sequential_bound(costed).total_ns / parallel_bound(costed).total_ns


COMPUTED = {
    "vgg16_is_a_chain": lambda: _parallel_gain(VGG, depth="16"),
    "densenet121_is_a_chain": lambda: _parallel_gain(DENSENET, depth="121"),
    "googlenet_gains_more_than_resnet50": lambda: (
        _parallel_gain(GOOGLENET) / _parallel_gain(RESNET, depth="50")
    ),
}


@pytest.mark.parametrize("name", COMPUTED)
def test_figure(name: str) -> None:
    require_agreement(COMPUTED[name](), name, "benanza")
