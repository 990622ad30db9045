"""SkyNet, both papers: sizes of its network and of what it is compared with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from paper_figures import require_agreement

from dlscope.methods.skynet.count_report import count_report
from dlscope.zoo.architecture import Architecture, outline
from dlscope.zoo.resnet import RESNET
from dlscope.zoo.skynet.layout import Layout
from dlscope.zoo.vgg import VGG

CLASSES = 1000
PAPERS = ("skynet", "skynet-champion")
# Inputs and outputs of the dense layers that VGG ends in.
DENSE = ((512 * 7 * 7, 4096), (4096, 4096), (4096, CLASSES))


def _trunk(architecture: Architecture, depth: str, dense: tuple[tuple[int, int], ...]) -> int:
    """Parameters of a network without its dense layers, weights and biases."""
    parameters = outline(architecture, {"depth": depth}).parameters
    return parameters - sum((inputs + 1) * outputs for inputs, outputs in dense)


def _backbone_ratio() -> float:
    smallest, largest = count_report(Layout()).table("backbones").column("parameters")
    return float(str(largest)) / float(str(smallest))


COMPUTED = {
    "backbone_ratio": _backbone_ratio,
    "resnet18_trunk": lambda: _trunk(RESNET, "18", ((512, CLASSES),)),
    "resnet34_trunk": lambda: _trunk(RESNET, "34", ((512, CLASSES),)),
    "resnet50_trunk": lambda: _trunk(RESNET, "50", ((2048, CLASSES),)),
    "vgg16_trunk": lambda: _trunk(VGG, "16", DENSE),
    "convolutions": lambda: len(Layout("C").layers) - 1,
}


@pytest.mark.parametrize("name", COMPUTED)
def test_figure(name: str) -> None:
    require_agreement(COMPUTED[name](), name, *PAPERS)


def test_the_published_size_is_that_of_the_released_file() -> None:
    """Statistics of normalisations included, and what the file needs beside its numbers."""
    path = Path(os.environ.get("DLSCOPE_TEST_DATA", "")) / "skynet" / "dac.weights"
    if not path.is_file():
        pytest.skip("the authors' weights are not in the folder skynet of DLSCOPE_TEST_DATA")
    size_bytes = path.stat().st_size
    require_agreement(size_bytes / 1e6, "size", *PAPERS)
    assert 0 < size_bytes - Layout("C").state_bytes < 0.02 * size_bytes
