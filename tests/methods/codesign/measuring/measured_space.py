"""A space that is timed in seconds, and its designs."""

from __future__ import annotations

from dlscope.core.manifest import SpaceManifest
from dlscope.methods.codesign.space.space import Space


def small_space(*bits: int) -> Space:
    """Four blocks of three operations on grey images of 8×8, the last three alike."""
    same = [
        {"type": "mbconv", "k": 3, "e": 2},
        {"type": "separable", "k": 3},
        {"type": "skip"},
    ]
    first = [*same[:2], {"type": "conv", "k": 3}]
    return Space(
        SpaceManifest.model_validate(
            {
                "schema_version": 1,
                "name": "small",
                "input": [1, 8, 8],
                "classes": 3,
                "stem": {"c_out": 4, "k": 3, "stride": 1},
                "head": {"c_out": 8},
                "blocks": [
                    {"name": "one", "c_out": 8, "stride": 2, "ops": first},
                    {"name": "two", "c_out": 8, "stride": 1, "ops": same},
                    {"name": "three", "c_out": 8, "stride": 1, "ops": same},
                    {"name": "four", "c_out": 8, "stride": 1, "ops": same},
                ],
                "quant": list(bits or (8, 32)),
                "quant_scope": "network",
            }
        )
    )
