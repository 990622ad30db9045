"""DLBricks: how far layers repeat, within a network and from one network to the next."""

from __future__ import annotations

import pytest
from outlined_graphs import graph_of
from paper_figures import require_agreement

from dlscope.graph.brick import Brick
from dlscope.graph.partition import partition
from dlscope.zoo.architecture import Architecture
from dlscope.zoo.googlenet import GOOGLENET
from dlscope.zoo.resnet import RESNET


def _bricks(architecture: Architecture, **options: str) -> list[str]:
    """The bricks of one layer of a network, one for each of its layers."""
    return [Brick.of(each).id for each in partition(graph_of(architecture, **options), 1)]


def _unique_share(architecture: Architecture, **options: str) -> float:
    bricks = _bricks(architecture, **options)
    return len(set(bricks)) / len(bricks)


def _added_share() -> float:
    deeper = _bricks(RESNET, depth="101")
    return len(set(deeper) - set(_bricks(RESNET, depth="50"))) / len(deeper)


COMPUTED = {
    "resnets_repeat_more_than_inceptions": lambda: (
        _unique_share(GOOGLENET) / _unique_share(RESNET, depth="50")
    ),
    "deeper_networks_add_little": _added_share,
}


@pytest.mark.parametrize("name", COMPUTED)
def test_figure(name: str) -> None:
    require_agreement(COMPUTED[name](), name, "dlbricks")
