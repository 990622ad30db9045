"""Operators that compute nothing: views, which cost nothing, and copies, which move bytes."""

from __future__ import annotations

from collections.abc import Mapping

from dlscope.graph.ir import Layer
from dlscope.graph.work.quantity import Rule, Work, reading, size_bytes, touching_all

_VIEWS = {"Dropout", "Flatten", "Identity", "Reshape", "Shape", "Size", "Squeeze", "Unsqueeze"}
_REORDERINGS = {"DepthToSpace", "ReverseSequence", "SpaceToDepth", "Split", "Transpose", "Trilu"}
_RESIZINGS = {"CenterCropPad", "Expand", "Pad", "Resize", "Tile", "Upsample"}
_CASTS = {"Cast", "CastLike"}
_SELECTIONS = {"Compress", "NonZero"}
_FILLS = {"ConstantOfShape", "EyeLike", "OneHot", "Range"}
_GATHERS = {"Gather", "GatherElements", "GatherND"}


def _view(_: Layer) -> Work:
    return Work()


def _copy(layer: Layer) -> Work:
    """Reads its data, the first input; what says how to move it is not counted."""
    return reading(layer, size_bytes(layer.sources[:1]))


def _fill(layer: Layer) -> Work:
    return reading(layer, 0)


def _slice(layer: Layer) -> Work:
    """Reads what it keeps."""
    return reading(layer, size_bytes(layer.results))


def _gather(layer: Layer) -> Work:
    """Reads the elements that it takes, and where they are."""
    return reading(layer, size_bytes((*layer.results, *layer.sources[1:])))


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(_VIEWS, _view),
    **dict.fromkeys(_REORDERINGS | _RESIZINGS | _CASTS | _SELECTIONS, _copy),
    **dict.fromkeys(_FILLS, _fill),
    **dict.fromkeys(_GATHERS, _gather),
    "Concat": touching_all,
    "ScatterElements": touching_all,
    "ScatterND": touching_all,
    "Slice": _slice,
}
