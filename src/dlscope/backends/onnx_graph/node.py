"""`OnnxNode`: one node of the graph as the rule for its operator sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, final

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper

from dlscope.core.errors import UnsupportedOp

V = TypeVar("V")
V_co = TypeVar("V_co", covariant=True)


class Scope(Protocol[V_co]):
    """Where a node finds the values of the graph, and what carries out its calls.

    `framework` is its name in messages. One with `fixed_shapes` must know every shape before it
    sees data.
    """

    framework: str
    fixed_shapes: bool

    def value(self, name: str) -> V_co:
        """The tensor `name`, computed or a weight."""
        ...

    def constant(self, name: str) -> NDArray[Any] | None:
        """The tensor `name` where it does not depend on what is fed, else None."""
        ...

    def call(self, name: str, function: Callable[..., Any], args: Any, kwargs: Any) -> V_co:
        """The result of `function`, called for the ONNX node `name`."""
        ...


@final
class OnnxNode(Generic[V]):
    """Inputs, attributes and opset of a node; V is what the framework calls a tensor."""

    def __init__(self, proto: NodeProto, opset: int, scope: Scope[V], where: str) -> None:
        self.op_type: str = proto.op_type
        self.opset = opset
        self.outputs: list[str] = list(proto.output)
        self._inputs: list[str] = list(proto.input)
        self._attributes = {item.name: _plain(item) for item in proto.attribute}
        self._name: str = proto.name or proto.op_type
        self._scope = scope
        self._where = where

    def __len__(self) -> int:
        return len(self._inputs)

    def attribute(self, name: str, default: Any = None) -> Any:
        """The attribute `name`; lists are tuples and bytes are text."""
        return self._attributes.get(name, default)

    def has(self, index: int) -> bool:
        """Whether the optional input `index` is given."""
        return index < len(self._inputs) and bool(self._inputs[index])

    def operand(self, index: int) -> V:
        """Input `index`, which the operator cannot do without."""
        return self._scope.value(self._inputs[index])

    def tensor(self, index: int) -> V | None:
        """Optional input `index` as a tensor of the framework, None when it is left out."""
        return self._scope.value(self._inputs[index]) if self.has(index) else None

    def tensors(self) -> list[V]:
        """All inputs as tensors."""
        return [self._scope.value(name) for name in self._inputs]

    def constant(self, index: int) -> NDArray[Any] | None:
        """Input `index` where it is known already, else None."""
        return self._scope.constant(self._inputs[index]) if self.has(index) else None

    def ints(self, index: int, attribute: str = "") -> Any:
        """Whole numbers from an attribute (older opsets) or an input; None where left out.

        A tuple where they are known now, else the tensor that will hold them, which a framework
        of fixed shapes refuses.
        """
        if attribute and attribute in self._attributes:
            return self._attributes[attribute]
        known = self.constant(index)
        if known is not None:
            return tuple(int(number) for number in known.reshape(-1))
        if self.has(index) and self._scope.fixed_shapes:
            raise self.refusal("data-dependent shapes")
        return self.tensor(index)

    def number(self, index: int, attribute: str = "") -> Any:
        """One number from an attribute or an input; a tensor where it is not known yet."""
        if attribute and attribute in self._attributes:
            return self._attributes[attribute]
        known = self.constant(index)
        return known.item() if known is not None else self.tensor(index)

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> V:
        """The result of `function` when the graph runs."""
        return self._scope.call(self._name, function, args, kwargs)

    def require_one_output(self) -> None:
        """Refuse the node when the graph uses an optional output."""
        if any(self.outputs[1:]):
            raise self.refusal("its optional outputs")

    def refusal(self, feature: str) -> UnsupportedOp:
        """The error that `feature` of this node has no rule in this framework."""
        return UnsupportedOp(
            f"no {self._scope.framework} rule for {feature} of {self.op_type} node {self._name!r}",
            where=self._where,
            fix="open the model with another backend, such as onnxruntime",
        )


Rule: TypeAlias = Callable[[OnnxNode[V]], V | tuple[V, ...]]
Rules: TypeAlias = Mapping[str, Rule[V]]


def _plain(attribute: Any) -> Any:
    value = helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list | tuple) or type(value).__name__.startswith("Repeated"):
        return tuple(value)
    return value


def dtype_name(element_type: int) -> str:
    """Name of the NumPy type with the ONNX number `element_type`: 1 is float32."""
    name: str = np.dtype(helper.tensor_dtype_to_np_dtype(element_type)).name
    return name
