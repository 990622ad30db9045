"""ONNX Runtime's blocked layout: only what computes is timed, no change of layout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import onnxruntime

from dlscope.core.errors import BackendError
from dlscope.graph.body import value_name
from dlscope.graph.brick import Brick
from dlscope.graph.brick_model import brick_feeds, brick_model
from dlscope.methods.bounds.implementation import (
    BLOCKED,
    PLAIN,
    Configuration,
    Implementation,
    Runnable,
    Unsupported,
    layout_of,
)
from dlscope.methods.bounds.implementations import nchwc
from dlscope.methods.bounds.implementations.edge_cut import CutGraph
from dlscope.methods.bounds.implementations.ort_cut import CutRunnable
from dlscope.methods.bounds.implementations.ort_session import ALL, optimised
from dlscope.methods.bounds.implementations.refusals import refusals


@final
class OrtBlocked(Implementation):
    """The brick as ONNX Runtime optimises it, with blocks of channels given and taken.

    Convolutions become blocked by ONNX Runtime's own pass, which also fuses what follows them;
    single pools and elementwise operators, which it would leave plain, are written in blocks here.
    """

    name = "ort_blocked"
    family = "mlas"

    @classmethod
    def version(cls) -> str:
        """Version of ONNX Runtime."""
        return str(onnxruntime.__version__)

    def configurations(self, brick: Brick) -> Sequence[Configuration | Unsupported]:
        """The one that ONNX Runtime makes of it; a first convolution takes plain images."""
        try:
            cut = _cut(brick)
        except BackendError as error:
            return [Unsupported(error.what, Configuration(layout=BLOCKED))]
        layout = _layout(cut)
        if layout == PLAIN:
            reason = nchwc.why_not_blocked(brick) or "ONNX Runtime leaves it plain"
            return [Unsupported(reason, Configuration(layout=BLOCKED))]
        return [Configuration(layout=layout)]

    def _build(self, brick: Brick, configuration: Configuration, threads: int) -> Runnable:
        del configuration
        with refusals("ONNX Runtime", brick):
            names = list(map(value_name, brick.outputs))
            return CutRunnable(_cut(brick), brick_feeds(brick), names, threads)


def _cut(brick: Brick) -> CutGraph:
    with refusals("ONNX Runtime", brick):
        if nchwc.why_not_blocked(brick) is None:
            return nchwc.cut_blocks(nchwc.blocked_model(brick))
        cut = nchwc.cut_blocks(optimised(nchwc.model_with_blocked_inputs(brick), ALL))
        if nchwc.is_entangled(cut):
            return nchwc.cut_blocks(optimised(brick_model(brick), ALL))
        return cut


def _layout(cut: CutGraph) -> str:
    makers = {name: node.op_type for node in cut.before for name in node.output}
    given = {makers[name] for name in cut.inputs if name in makers}
    is_blocked = bool(given - {nchwc.OUT_OF_BLOCKS})
    takes_out = any(node.op_type == nchwc.OUT_OF_BLOCKS for node in cut.after)
    return layout_of(BLOCKED if is_blocked else PLAIN, BLOCKED if takes_out else PLAIN)
