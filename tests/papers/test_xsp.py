"""XSP: the work that its analyses total, from shapes; two FLOP for a multiply-accumulate.

What they say of real profiles is in `test_xsp_on_real_networks.py`.
"""

from __future__ import annotations

import pytest
from outlined_graphs import graph_of
from paper_figures import require_agreement

from dlscope.graph.work import layer_work
from dlscope.zoo.architecture import Architecture
from dlscope.zoo.mobilenet_v2 import MOBILENET_V2
from dlscope.zoo.resnet import RESNET


def _flop(architecture: Architecture, *types: str, **options: str) -> int:
    layers = graph_of(architecture, **options).layers
    return sum(2 * layer_work(each).macs for each in layers if each.op_type in types)


COMPUTED = {
    "resnet18_flop": lambda: _flop(RESNET, "Conv", "Gemm", depth="18"),
    "resnet18_convolutions_flop": lambda: _flop(RESNET, "Conv", depth="18"),
    "resnet50_flop": lambda: _flop(RESNET, "Conv", "Gemm", depth="50"),
    "mobilenet_v2_flop": lambda: _flop(MOBILENET_V2, "Conv", "Gemm"),
}


@pytest.mark.parametrize("name", COMPUTED)
def test_figure(name: str) -> None:
    require_agreement(COMPUTED[name](), name, "xsp")
