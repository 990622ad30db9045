"""ONNX Runtime's kernels for 8-bit integers, between integers: see `Quantised`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import onnx
import onnxruntime

from dlscope.core.errors import BackendError
from dlscope.graph.brick import Brick
from dlscope.methods.bounds.implementation import (
    CHANNELS_LAST,
    NULL,
    PLAIN,
    Configuration,
    Implementation,
    Runnable,
    Unsupported,
)
from dlscope.methods.bounds.implementations.cpu_features import missing_instructions
from dlscope.methods.bounds.implementations.edge_cut import CutGraph, cut_edges
from dlscope.methods.bounds.implementations.ort import Ort
from dlscope.methods.bounds.implementations.ort_cut import CutRunnable
from dlscope.methods.bounds.implementations.ort_session import ALL, EXTENDED, optimised
from dlscope.methods.bounds.implementations.quantisation import Quantised, why_not_quantised
from dlscope.methods.bounds.implementations.reference import Reference
from dlscope.methods.bounds.implementations.refusals import refusals

_INT8 = "int8"
_LEVELS = {PLAIN: EXTENDED, CHANNELS_LAST: ALL}


@final
class OrtInt8(Implementation):
    """Activations as unsigned, weights as signed integers of 8 bits, results requantised.

    Convolutions also with the channels last, the transpositions around them left out.
    """

    name = "ort_int8"
    family = "mlas"

    @classmethod
    def version(cls) -> str:
        """Version of ONNX Runtime."""
        return str(onnxruntime.__version__)

    def configurations(self, brick: Brick) -> Sequence[Configuration | Unsupported]:
        """Plain, and channels last where ONNX Runtime makes it so."""
        plain = Configuration(dtype=_INT8)
        reason = missing_instructions(_INT8) or why_not_quantised(brick)
        if reason is not None:
            return [Unsupported(reason, plain)]
        try:
            cuts = {layout: _cut(_quantised(brick), layout) for layout in _LEVELS}
        except BackendError as error:
            return [Unsupported(error.what, plain)]
        if not _is_whole(cuts[PLAIN]):
            reason = f"ONNX Runtime computes {brick.label} in float32 between integers"
            return [Unsupported(reason, plain)]
        last = cuts[CHANNELS_LAST]
        is_turned = bool(last.before) and bool(last.after) and _is_whole(last)
        return [plain, Configuration(dtype=_INT8, layout=CHANNELS_LAST)] if is_turned else [plain]

    def _build(self, brick: Brick, configuration: Configuration, threads: int) -> Runnable:
        if brick == NULL:
            # One element has nothing to be quantised; the session is the same.
            return Ort().build(brick, configuration, threads=threads)
        with refusals("ONNX Runtime", brick):
            quantised = _quantised(brick)
            cut = _cut(quantised, configuration.layout)
            names = [value.name for value in quantised.model.graph.output]
            return CutRunnable(cut, quantised.feeds, names, threads, quantised.restored)


def _quantised(brick: Brick) -> Quantised:
    return Quantised.of(brick, Reference(brick).outputs)


def _cut(quantised: Quantised, layout: str) -> CutGraph:
    model = optimised(quantised.model, _LEVELS[layout])
    return cut_edges(model, _is_transposition if layout == CHANNELS_LAST else _is_nothing)


def _is_whole(cut: CutGraph) -> bool:
    """Whether nothing is computed in floats."""
    kinds = {node.op_type for node in cut.core}
    return bool(kinds) and kinds.isdisjoint({"DequantizeLinear", "QuantizeLinear"})


def _is_transposition(node: onnx.NodeProto) -> bool:
    return bool(node.op_type == "Transpose")


def _is_nothing(node: Any) -> bool:
    del node
    return False
