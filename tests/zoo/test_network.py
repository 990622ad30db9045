from __future__ import annotations

from dlscope.core import registry
from dlscope.zoo import NetworkBuilder
from dlscope.zoo.bert import build as bert
from dlscope.zoo.dynamic_axes import build as dynamic_axes
from dlscope.zoo.efficientnet_lite import build as efficientnet_lite
from dlscope.zoo.fixed_inputs import build as fixed_inputs

BUILDERS: dict[str, NetworkBuilder] = {
    "bert": bert,
    "dynamic_axes": dynamic_axes,
    "efficientnet_lite": efficientnet_lite,
    "fixed_inputs": fixed_inputs,
}


def test_every_builder_is_found_by_its_name():
    assert set(BUILDERS) <= set(registry.names("networks"))
    for name, builder in BUILDERS.items():
        assert registry.load("networks", name) is builder
