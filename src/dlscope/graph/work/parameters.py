"""`parameters`: which constants of a layer are trained numbers."""

from __future__ import annotations

from collections.abc import Mapping

from dlscope.graph.ir import Layer, Tensor, dtype_bits
from dlscope.graph.work.movement import RULES as MOVEMENT

# Where the trained numbers stand, for operators that take other constants as well. The mean and
# variance of batch normalisation are statistics of the data, scales those of a quantisation.
_PLACES: Mapping[str, tuple[int, ...]] = {
    "BatchNormalization": (1, 2),
    "Clip": (),
    "ConvInteger": (1,),
    "DequantizeLinear": (0,),
    "Gather": (0,),
    "MatMulInteger": (1,),
    "Pow": (),
    "QLinearConv": (3, 8),
    "QLinearMatMul": (3,),
    "QuantizeLinear": (),
}


def parameters(layer: Layer) -> tuple[Tensor, ...]:
    """The constant inputs of a layer that were trained, each once.

    Those in floating point, or of at most 8 bits, that have an axis; none of a layer that only
    moves data, but for the table of a `Gather`.
    """
    moves = () if layer.operator in MOVEMENT else None
    places = _PLACES.get(layer.operator, moves)
    constants = layer.const_inputs
    if places is None:
        return tuple(dict.fromkeys(each for each in constants.values() if _looks_trained(each)))
    found = (constants[place] for place in places if place in constants)
    return tuple(tensor for tensor in found if tensor.dtype != "bool")


def _looks_trained(tensor: Tensor) -> bool:
    is_number = tensor.dtype not in ("bool", "string")
    is_real = tensor.dtype.startswith(("float", "bfloat")) or dtype_bits(tensor.dtype) <= 8
    return is_number and is_real and bool(tensor.shape)
