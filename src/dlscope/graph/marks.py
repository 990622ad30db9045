"""What sets a layer apart from a function of tensors with fixed shapes."""

from __future__ import annotations

from collections.abc import Mapping

import onnx

from dlscope.graph.fold import BY_CHANCE
from dlscope.graph.program import Arrays, domain_of

# The shapes that these give depend on values, whatever their inputs are.
_ALWAYS = frozenset({"Compress", "NonMaxSuppression", "NonZero", "Unique"})

# Inputs that steer the shape of the output; unless they are constant, it depends on values.
_PARAMETERS: Mapping[str, tuple[int, ...]] = {
    "AffineGrid": (1,),
    "CenterCropPad": (1,),
    "ConstantOfShape": (0,),
    "Expand": (1,),
    "MaxUnpool": (2,),
    "OneHot": (1,),
    "Pad": (1, 3),
    "Range": (0, 1, 2),
    "Reshape": (1,),
    "Resize": (2, 3),
    "Slice": (1, 2, 3, 4),
    "Split": (1,),
    "Squeeze": (1,),
    "Tile": (1, 2),
    "TopK": (1,),
    "Unsqueeze": (1,),
    "Upsample": (1,),
}


def is_data_dependent(node: onnx.NodeProto, constants: Arrays) -> bool:
    """Whether the shape of an output depends on the values of an input."""
    if domain_of(node):
        return False
    if node.op_type in _ALWAYS:
        return True
    places = _PARAMETERS.get(node.op_type, ())
    names = [node.input[place] for place in places if place < len(node.input)]
    return any(name and name not in constants for name in names)


def is_pure(node: onnx.NodeProto, constants: Arrays) -> bool:
    """Whether the same inputs always give the same outputs: not what draws, nor dropout at work."""
    if node.op_type in BY_CHANCE:
        return False
    if node.op_type != "Dropout" or len(node.input) < 3 or not node.input[2]:
        return True
    training = constants.get(node.input[2])
    return training is not None and not training.any()


def steering_places(op_type: str) -> tuple[int, ...]:
    """Inputs of an operator of ONNX's own that steer the shape of what comes out."""
    return _PARAMETERS.get(op_type, ())
