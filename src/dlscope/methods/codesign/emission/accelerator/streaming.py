"""`streaming_source`: one stage for each layer, all at work at once, as C++."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlscope.methods.codesign.emission.accelerator.arrays import arrays_of
from dlscope.methods.codesign.emission.accelerator.source import (
    ModelledStage,
    Source,
)
from dlscope.methods.codesign.emission.accelerator.stage import Stage
from dlscope.methods.codesign.emission.accelerator.stages import (
    TILINGS,
    Streaming,
    stages_of,
)
from dlscope.methods.codesign.emission.accelerator.wiring import Wiring
from dlscope.methods.codesign.emission.integer_network import IntegerNetwork

_TOLD = {
    "pipelined": "Loops are tiled by CPF channels of input times KPF of output.",
    "dataflow": "Loops are tiled by PE elements, each with SIMD lanes of a window.",
}


def streaming_source(
    network: IntegerNetwork, lanes: Sequence[int], tiling: Streaming, *, title: str = "design"
) -> Source:
    """The accelerator of `network` with about as many `lanes` in each stage.

    Lanes are one number for each layer and for the average before the classifier. Raises
    `SearchError` for another number of them, and for convolutions in groups.
    """
    stages = stages_of(network, lanes, TILINGS[tiling])
    context = _context(network, stages, title)
    wiring = Wiring(stages)
    context |= {"wires": wiring.wires, "calls": wiring.calls, "tiling": _TOLD[tiling]}
    arrays = [array for stage in stages for array in arrays_of(stage)]
    modelled = (ModelledStage(stage.name, stage.cycles) for stage in stages)
    return Source.of("streaming.cpp", context, arrays, modelled, tiling=tiling)


def _context(network: IntegerNetwork, stages: Sequence[Stage], title: str) -> dict[str, Any]:
    first, last = stages[0], stages[-1]
    return {
        "title": title,
        "is_streaming": True,
        "stages": stages,
        "inputs": first.shape.inputs,
        "answers": last.shape.outputs,
        "given": sum(stage.shape.outputs for stage in stages),
        "image_type": first.reads_type,
        "image_lanes": first.lanes_in,
        "image_exponent": first.layer.reads.exponent,
        "answers_type": last.gives_type,
        "answers_lanes": last.lanes_out,
        "answers_exponent": network.exponent,
        "golden_bits": golden_bits(network),
    }


def golden_bits(network: IntegerNetwork) -> int:
    """Bits of the integers in a file of golden vectors: 32 unless sums are wider."""
    return 32 if network.accumulator_bits <= 32 else 64
