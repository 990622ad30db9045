"""`open_models`: the graphs of models by name or file, as benches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dlscope.backends.model_graph import graph_of
from dlscope.methods.bounds.generating import ModelBenches, model_benches


def open_models(
    models: Sequence[str],
    batches: Sequence[int],
    bindings: Mapping[str, int],
    *,
    has_layouts: bool,
) -> list[ModelBenches]:
    """The graph of each model as it was written, for each batch size, with all that is measured.

    Changes of layout are among it where ONNX Runtime, whose blocks they are about, is installed.
    Raises `DlscopeError` for an unknown model and for one that is no ONNX graph.
    """
    block = known_block() if has_layouts else None
    found = []
    for model in models:
        for batch in batches:
            cut = graph_of(model, "authored", batch=batch, bindings=bindings)
            graph = replace(cut.graph, name=cut.name)
            benches = model_benches(cut.name, graph, cut.path, block=block)
            found.append(replace(benches, asked=model))
    return found


def known_block() -> int | None:
    """Channels of one of ONNX Runtime's blocks here; None where it is not installed."""
    try:
        from dlscope.methods.bounds.implementations.nchwc import block_channels
    except ModuleNotFoundError:
        return None
    return block_channels()
