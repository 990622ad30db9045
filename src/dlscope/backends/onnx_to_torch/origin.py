"""Which node of the ONNX file a node of an `fx` graph was made for."""

from __future__ import annotations

from dataclasses import dataclass

from onnx import NodeProto
from torch import fx

_KEY = "onnx_node"


@dataclass(frozen=True)
class Origin:
    """A node of the ONNX file: one without a name goes by its first output."""

    index: int
    name: str
    op_type: str

    @classmethod
    def of(cls, index: int, proto: NodeProto) -> Origin:
        """The origin of what is made for `proto`, the node at `index` of the program."""
        name = proto.name or next(filter(None, proto.output), proto.op_type)
        return cls(index, name, proto.op_type)


def set_origin(node: fx.Node, origin: Origin | None) -> fx.Node:
    """`node`, which now knows what it was made for."""
    if origin is not None:
        node.meta[_KEY] = origin
    return node


def origin_of(node: fx.Node) -> Origin | None:
    """What `node` was made for; None for inputs and outputs of the graph."""
    origin: Origin | None = node.meta.get(_KEY)
    return origin
