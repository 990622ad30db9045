from __future__ import annotations

import importlib

import pytest

from dlscope.core import registry
from dlscope.core.errors import GraphError

BUILDERS = (
    "alexnet",
    "bert",
    "convnext",
    "deeplab",
    "densenet",
    "dynamic_axes",
    "efficientnet_lite",
    "fixed_inputs",
    "ghostnet",
    "googlenet",
    "gru",
    "inception_v3",
    "lstm",
    "mnasnet",
    "mobilenet_v2",
    "mobilenet_v3",
    "regnet",
    "resnet",
    "resnext",
    "shufflenet_v2",
    "squeezenet",
    "ssdlite",
    "swin",
    "tiny_yolo",
    "unet",
    "vgg",
    "vit",
    "wide_resnet",
)


@pytest.mark.parametrize("name", BUILDERS)
def test_every_builder_is_found_by_its_name(name):
    builder = importlib.import_module(f"dlscope.zoo.{name}").build
    assert registry.load("networks", name) is builder


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("dynamic_axes", {"seed": "0"}),
        ("efficientnet_lite", {"variant": "0"}),
        ("fixed_inputs", {"seed": "0"}),
    ],
)
def test_those_of_trained_weights_refuse_to_be_built_without(name, options):
    with pytest.raises(GraphError) as caught:
        registry.load("networks", name)(None, options)
    assert caught.value.what == f"{name} is built from trained weights"
    assert caught.value.where == f"generated:{name}"
    assert caught.value.fix == (
        "add weights: {source: …, sha256: …} to the assets, and leave seed out"
    )
