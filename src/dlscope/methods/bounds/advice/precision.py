"""Q6: what would a shorter type save, layer by layer, and which layers would lose?"""

from __future__ import annotations

from collections.abc import Iterator

from dlscope.methods.bounds.advice.base import Advice, Subject
from dlscope.methods.bounds.costed import Cost, CostedLayer, cheapest
from dlscope.methods.bounds.setups import Setup

SHORT = ("bfloat16", "float16", "int8")
_OPTION = "precision"
_SHORTEST = "bf16"


def advise(subject: Subject) -> Iterator[Advice]:
    """To compute in bfloat16, on the backend at hand or on one that does."""
    if not any(cost.dtype == "bfloat16" for each in layers_by_type(subject) for cost in each.costs):
        return
    setup = subject.setup
    if setup.backend == "openvino" and setup.option(_OPTION) == "f32":
        wanted, how = setup.with_option(_OPTION, _SHORTEST), f"{_OPTION}={_SHORTEST}"
    elif setup.backend != "openvino" and "openvino" in subject.backends:
        wanted = Setup("openvino", {_OPTION: _SHORTEST})
        how = f"backend=openvino, {_OPTION}={_SHORTEST}"
    else:
        return
    found = subject.set_up(*("Q6", "precision", wanted), "Compute in bfloat16", how)
    if found:
        yield found


def layers_by_type(subject: Subject) -> tuple[CostedLayer, ...]:
    """The layers with their costs in all types."""
    return subject.bounds.everything.layers


def in_type(layer: CostedLayer, dtype: str) -> Cost | None:
    """The cheapest way in one type; None where nothing computes the layer in it."""
    return cheapest(cost for cost in layer.costs if cost.dtype == dtype)
