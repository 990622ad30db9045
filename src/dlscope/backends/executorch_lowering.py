"""From an ONNX model to an ExecuTorch program, by way of PyTorch and XNNPACK."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.exir import to_edge_transform_and_lower
from onnx import ModelProto
from torch import fx

from dlscope.backends.base import TensorSpec
from dlscope.backends.onnx_signature import signature
from dlscope.backends.onnx_to_torch.activations import gelu
from dlscope.backends.onnx_to_torch.translate import translate
from dlscope.core.errors import UnsupportedOp

_LARGEST_BATCH = 64
_EXAMPLE_BATCH = 2


@dataclass(frozen=True)
class Lowered:
    """A program, the largest batch of each of its entries, and what XNNPACK took over of it."""

    content: bytes
    entries: dict[str, int]
    delegated_parts: int
    other_operators: int


def lower(model: ModelProto, path: Path) -> Lowered:
    """The program of `model`: an entry for one item and, where its batch is free, one for more.

    Memory is laid out for the largest batch of an entry. Raises `UnsupportedOp` for an operator
    without a rule, and for free axes other than the batch.
    """
    inputs, _ = signature(model, path)
    _require_fixed_items(inputs, path)
    module = _with_spelled_out_gelu(translate(model, path))
    entries = {"one": 1}
    if any(None in spec.shape for spec in inputs):
        entries["many"] = _LARGEST_BATCH
    # Where PyTorch may choose among libraries it does so by the size of the batch.
    with (
        torch.no_grad(),
        torch.backends.mkldnn.flags(enabled=False),
        torch.backends.nnpack.flags(enabled=False),
    ):
        exported = {name: _export(module, inputs, batch) for name, batch in entries.items()}
        edge = to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()])
        counts = _counts(edge.exported_program("one"))
        return Lowered(edge.to_executorch().buffer, entries, *counts)


def _with_spelled_out_gelu(module: fx.GraphModule) -> fx.GraphModule:
    """`module`, its approximate GELUs made of tanh: XNNPACK takes every GELU for the exact one."""
    for node in module.graph.nodes:
        if node.target is gelu and node.args[1] == "tanh":
            node.target, node.args = _tanh_gelu, node.args[:1]
    module.recompile()
    return module


def _tanh_gelu(x: torch.Tensor) -> torch.Tensor:
    """The product x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))."""
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


def _export(module: fx.GraphModule, inputs: tuple[TensorSpec, ...], largest: int) -> Any:
    examples = tuple(_zeros(spec, min(largest, _EXAMPLE_BATCH)) for spec in inputs)
    free = {0: torch.export.Dim("batch", max=largest)} if largest > 1 else None
    shapes = tuple(free if None in spec.shape else None for spec in inputs)
    return torch.export.export(module, examples, dynamic_shapes=shapes, strict=False)


def _zeros(spec: TensorSpec, batch: int) -> torch.Tensor:
    shape = [batch if size is None else size for size in spec.shape]
    return torch.zeros(shape, dtype=getattr(torch, spec.dtype))


def _counts(program: Any) -> tuple[int, int]:
    calls = [node.target for node in program.graph.nodes if node.op == "call_function"]
    names = [getattr(target, "__name__", str(target)) for target in calls]
    delegated = sum("call_delegate" in name for name in names)
    return delegated, len(names) - delegated - sum(name == "getitem" for name in names)


def _require_fixed_items(inputs: tuple[TensorSpec, ...], path: Path) -> None:
    for spec in inputs:
        if None in spec.shape[1:]:
            raise UnsupportedOp(
                f"ExecuTorch needs every size but the batch; input {spec.name!r} is {spec}",
                where=str(path),
                fix="give its axes sizes in the manifest, or choose another backend",
            )
