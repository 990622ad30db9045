"""`emitted_form`: the identity of how networks are written at a precision.

Times belong to the nodes that were timed. When dlscope begins to write networks in another way,
older rows must not be taken for new ones, and nobody wants to build every network to find out.
"""

from __future__ import annotations

import functools

from dlscope.core.digest import digest
from dlscope.core.manifest import SpaceManifest
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.measuring.design_model import design_model
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space

_SAMPLE = {
    "kind": "space",
    "schema_version": 1,
    "name": "sample",
    "input": [1, 8, 8],
    "classes": 2,
    "stem": {"c_out": 4, "k": 3, "stride": 1},
    "head": {"c_out": 4},
    "blocks": [
        {"name": "residual", "c_out": 4, "stride": 1, "ops": [{"type": "mbconv", "k": 3, "e": 2}]},
        {"name": "linear", "c_out": 8, "stride": 2, "ops": [{"type": "mbconv", "k": 5, "e": 2}]},
        {"name": "separable", "c_out": 8, "stride": 1, "ops": [{"type": "separable", "k": 3}]},
        {"name": "bundle", "c_out": 8, "stride": 1, "ops": [{"type": "bundle", "k": 3}]},
        {"name": "conv", "c_out": 8, "stride": 1, "ops": [{"type": "conv", "k": 1}]},
    ],
    "quant": [8],
    "quant_scope": "network",
}


@functools.cache
def emitted_form(precision: Precision) -> str:
    """A digest of the nodes of a small network that has every kind of operation."""
    space = Space(SpaceManifest.model_validate(_SAMPLE))
    none = (0,) * len(space.blocks)
    model = design_model(space, Design(space.digest, none, none), precision)
    nodes = [
        [node.op_type, list(node.input), list(node.output), sorted(map(str, node.attribute))]
        for node in model.graph.node
    ]
    return digest(nodes)[:16]
