"""`fusible_groups`: layers of a graph that one kernel could carry out together.

A group is a head and followers, each the only one that takes what the layer before it gives. So
all that depends on a member comes out of the last one. Hence an operand that a follower takes from
elsewhere (the other branch of a residual block, the values of attention) never depends on the
head: it can always be made before the head begins, and fusing never makes a circle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import final

from dlscope.graph.ir import Graph, Layer, Tensor
from dlscope.graph.work.elementwise import ACTIVATIONS
from dlscope.graph.work.elementwise import RULES as ELEMENTWISE

ELEMENTWISE_CHAIN = "element-wise chain"
LONGEST_CHAIN = 8
"""A chain of n has n·(n − 1)/2 parts, and every part is a benchmark."""

_ARROW = "→"
_ACTIVATIONS = (ACTIVATIONS.keys() - {"Erf", "Exp", "Log"}) | {"Clip", "com.microsoft::Gelu"}
_NORMS = {"LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization"}
# Of the operators that are counted element by element, these look at more than one.
_NOT_POINTWISE = {"CumSum", "DynamicQuantizeLinear"}
_POINTWISE = (ELEMENTWISE.keys() - _NOT_POINTWISE) | {"BatchNormalization"}


@final
@dataclass(frozen=True)
class Fusible:
    """Layers that can be fused, the head first, and the name of the pattern that they follow."""

    pattern: str
    layers: tuple[Layer, ...]

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids of the layers."""
        return tuple(layer.id for layer in self.layers)


def fusible_groups(graph: Graph, *, longest_chain: int = LONGEST_CHAIN) -> tuple[Fusible, ...]:
    """All groups by their heads, shorter ones first; they overlap, and a bound chooses.

    Patterns are Conv→Bias→BN→Add→Act and Gemm→Bias→Act (each from its head to any later part, any
    part left out), LayerNorm→Linear, MatMul→Scale→Mask→Softmax→MatMul (scale and mask may be
    missing), and chains of up to `longest_chain` layers that treat each element alone. A bias that
    an operator holds itself is part of the name and no layer.
    """
    return tuple(
        group
        for head in graph.layers
        for group in (
            *(each for rule in _RULES for each in _following(graph, head, rule)),
            *_chains(graph, head, longest_chain),
        )
    )


@final
@dataclass(frozen=True)
class _Part:
    """A follower: its name in the pattern and whether a layer, given a tensor, is one."""

    name: str
    fits: Callable[[Layer, Tensor], bool]
    is_required: bool = False


@final
@dataclass(frozen=True)
class _Rule:
    """Which layers are heads, how the pattern calls them, and what may follow in which order."""

    is_head: Callable[[Layer], bool]
    named: Callable[[Layer], str]
    parts: tuple[_Part, ...]


def _following(graph: Graph, head: Layer, rule: _Rule) -> Iterator[Fusible]:
    """Every group of `rule` from `head` on that has all required parts."""
    if not rule.is_head(head):
        return
    layers, names, left = [head], [rule.named(head)], rule.parts
    while taken := _taker(graph, layers[-1]):
        place = _next_part(left, *taken)
        if place is None:
            return
        layers.append(taken[0])
        names.append(left[place].name)
        left = left[place + 1 :]
        if not any(part.is_required for part in left):
            yield Fusible(_ARROW.join(filter(None, names)), tuple(layers))


def _next_part(parts: Sequence[_Part], layer: Layer, given: Tensor) -> int | None:
    """The place of the first part that `layer` is, none of those before it being required."""
    for place, part in enumerate(parts):
        if part.fits(layer, given):
            return place
        if part.is_required:
            return None
    return None


def _chains(graph: Graph, head: Layer, longest: int) -> Iterator[Fusible]:
    layers = [head]
    while len(layers) < longest and layers[-1].operator in _POINTWISE:
        taken = _taker(graph, layers[-1])
        if taken is None or taken[0].operator not in _POINTWISE or not _keeps_shape(*taken):
            return
        layers.append(taken[0])
        yield Fusible(ELEMENTWISE_CHAIN, tuple(layers))


def _taker(graph: Graph, layer: Layer) -> tuple[Layer, Tensor] | None:
    """The one layer that takes the one used result of `layer`, with that result, if it is so."""
    used = [each for each in layer.results if graph.consumers[each.name] or each in graph.outputs]
    if len(used) != 1 or used[0] in graph.outputs:
        return None
    takers = graph.consumers[used[0].name]
    return (takers[0], used[0]) if len(takers) == 1 else None


def _keeps_shape(layer: Layer, given: Tensor) -> bool:
    return layer.results[0].shape == given.shape


def _other(layer: Layer, given: Tensor) -> Tensor | None:
    """The second operand of a layer of two, whichever of them `given` is."""
    operands = [each for each in layer.inputs if each is not given]
    return operands[0] if len(layer.inputs) == 2 and len(operands) == 1 else None


def _is_bias(axis: int) -> Callable[[Layer, Tensor], bool]:
    """Adds a constant, one number for each place on `axis` or one for all."""

    def fits(layer: Layer, given: Tensor) -> bool:
        other = _other(layer, given)
        if layer.operator != "Add" or other is None or other.kind != "const":
            return False
        lined_up = (1,) * (len(given.shape) - len(other.shape)) + other.shape
        others = [size for place, size in enumerate(lined_up) if place != axis % len(lined_up)]
        return _keeps_shape(layer, given) and all(size == 1 for size in others)

    return fits


def _is_batch_norm(layer: Layer, given: Tensor) -> bool:
    return layer.operator == "BatchNormalization" and _rest_is_constant(layer, given)


def _is_residual(layer: Layer, given: Tensor) -> bool:
    """Adds another activation of the same shape."""
    other = _other(layer, given)
    is_sum = layer.operator in ("Add", "Sum") and other is not None and other.kind != "const"
    return is_sum and other is not None and other.shape == given.shape


def _is_activation(layer: Layer, given: Tensor) -> bool:
    return layer.operator in _ACTIVATIONS and _rest_is_constant(layer, given)


def _rest_is_constant(layer: Layer, given: Tensor) -> bool:
    return layer.input(0) is given and all(
        each is None or each.kind == "const" for each in layer.inputs[1:]
    )


def _is_linear(layer: Layer, given: Tensor) -> bool:
    return layer.operator in ("Gemm", "MatMul") and _rest_is_constant(layer, given)


def _is_scale(layer: Layer, given: Tensor) -> bool:
    other = _other(layer, given)
    is_number = other is not None and other.kind == "const" and other.elements == 1
    divides_it = layer.operator == "Div" and layer.input(0) is given
    return is_number and (divides_it or layer.operator == "Mul")


def _is_mask(layer: Layer, given: Tensor) -> bool:
    """Adds something to the scores, or puts something in the place of some of them."""
    is_added = layer.operator == "Add" and _other(layer, given) is not None
    return (is_added or layer.operator == "Where") and _keeps_shape(layer, given)


def _is_softmax(layer: Layer, given: Tensor) -> bool:
    axis = int(layer.attributes.get("axis", -1))
    return layer.operator == "Softmax" and axis in (-1, len(given.shape) - 1)


def _weighs_values(layer: Layer, given: Tensor) -> bool:
    return layer.operator == "MatMul" and layer.input(0) is given and _is_product(layer)


def _is_product(layer: Layer) -> bool:
    """Whether it multiplies two activations."""
    operands = layer.sources
    return layer.operator == "MatMul" and all(each.kind != "const" for each in operands)


def _with_own_bias(layer: Layer) -> str:
    has_bias = layer.input(2) is not None
    return f"{layer.op_type}{_ARROW}Bias" if has_bias else layer.op_type


_ACTIVATION = _Part("Act", _is_activation)
_RULES = (
    _Rule(
        lambda layer: layer.operator in ("Conv", "ConvTranspose"),
        _with_own_bias,
        (
            _Part("Bias", _is_bias(1)),
            _Part("BN", _is_batch_norm),
            _Part("Add", _is_residual),
            _ACTIVATION,
        ),
    ),
    _Rule(
        lambda layer: layer.operator in ("Gemm", "MatMul"),
        _with_own_bias,
        (_Part("Bias", _is_bias(-1)), _ACTIVATION),
    ),
    _Rule(
        lambda layer: layer.operator in _NORMS,
        lambda _: "LayerNorm",
        # The bias of a linear layer is part of it, whether a layer of its own or not.
        (_Part("Linear", _is_linear, is_required=True), _Part("", _is_bias(-1))),
    ),
    _Rule(
        _is_product,
        lambda layer: layer.op_type,
        (
            _Part("Scale", _is_scale),
            _Part("Mask", _is_mask),
            _Part("Softmax", _is_softmax, is_required=True),
            _Part("MatMul", _weighs_values, is_required=True),
        ),
    ),
)
