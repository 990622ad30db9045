"""`OwnCode`: with what a backend computes layers, if they are left to it alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

from dlscope.core.errors import BoundError
from dlscope.methods.bounds.costed import Cost
from dlscope.methods.bounds.implementation import BLOCKED
from dlscope.methods.bounds.setups import Setup

FUSED = "fused"
"""ONNX Runtime's algorithm that fuses."""
_WITHOUT_FUSION = frozenset({"disabled"})
_DTYPES: Mapping[str, str] = {"f32": "float32", "bf16": "bfloat16", "f16": "float16"}


@final
@dataclass(frozen=True)
class OwnCode:
    """What is a backend's own: its implementations, whether it fuses, the layout it keeps to.

    A model that is compiled as a whole takes what its benchmarks take, where one that is
    interpreted layer by layer takes longer.
    """

    implementations: frozenset[str]
    dtypes: frozenset[str]
    is_fusing: bool
    layout: str | None = None
    is_compiled: bool = False

    def has(self, cost: Cost) -> bool:
        """Whether the backend would compute so."""
        return cost.implementation in self.implementations and cost.dtype in self.dtypes


OWN: Mapping[str, tuple[str, ...]] = {
    "onnxruntime": ("ort", "ort_blocked"),
    "openvino": ("openvino",),
    "torch": ("torch_nchw", "torch_nhwc"),
}
"""The implementations that are code of a backend; the first knows the plain layout alone."""


def _onnxruntime(setup: Setup) -> OwnCode:
    level = setup.option("graph_optimization")
    is_blocked = level == "all"
    own = OWN[setup.backend] if is_blocked else OWN[setup.backend][:1]
    is_fusing = level not in _WITHOUT_FUSION
    return OwnCode(frozenset(own), _any_float32(), is_fusing, BLOCKED if is_blocked else None)


def _openvino(setup: Setup) -> OwnCode:
    # A layer without the short type is computed in float32.
    dtypes = {"float32", _DTYPES[setup.option("precision")]}
    return OwnCode(
        frozenset(OWN[setup.backend]), frozenset(dtypes), is_fusing=True, is_compiled=True
    )


def _torch(setup: Setup) -> OwnCode:
    own = OWN[setup.backend] if setup.option("channels_last") else OWN[setup.backend][:1]
    return OwnCode(frozenset(own), _any_float32(), is_fusing=False)


def _any_float32() -> frozenset[str]:
    return frozenset({"float32"})


_OWN_IN: Mapping[str, Callable[[Setup], OwnCode]] = {
    "onnxruntime": _onnxruntime,
    "openvino": _openvino,
    "torch": _torch,
}
COMPOSED = tuple(OWN)
"""The backends that can be composed."""


def own_code(backend: str, setup: Setup) -> OwnCode:
    """What is `backend`'s own in a setup that it takes part in; only the main one has options.

    Raises `BoundError` for a backend whose code is not known.
    """
    if backend not in OWN:
        raise BoundError(
            f"what {backend} computes layers with is not measured",
            where=f"prediction of {setup.label}",
            fix=f"ask for one of {', '.join(COMPOSED)}",
        )
    return _OWN_IN[backend](setup if backend == setup.backend else Setup(backend))
