"""`build`: the authors' weights as a graph of the catalog, under the name `skynet`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from dlscope.graph.builder import serialize
from dlscope.methods.skynet.released_weights import released_state
from dlscope.zoo.network import require_choice, require_options, require_weights
from dlscope.zoo.skynet.folding import fold_bn
from dlscope.zoo.skynet.layout import Layout
from dlscope.zoo.skynet.onnx_model import LOWERINGS, Lowering, onnx_model


def build(weights: Path | None, options: Mapping[str, str]) -> bytes:
    """The ONNX file of SkyNet C with the authors' `weights`: `image` N×3×160×320 → `head`.

    The option `reorder` says how the reorder is written: slices (the default), space_to_depth or
    absorb. Raises `GraphError` for other options, `DataError` for another file.
    """
    file = require_weights("skynet", weights)
    require_options("skynet", {"reorder": LOWERINGS[0], **options}, ["reorder"])
    asked = options.get("reorder", LOWERINGS[0])
    require_choice("skynet", "reorder", asked, LOWERINGS)
    lowering = cast("Lowering", asked)
    return serialize(onnx_model(fold_bn(released_state(file)), Layout("C"), lowering=lowering))
