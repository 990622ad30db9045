"""From an ONNX model to a shared library, by TVM: not tuned, its outer loops made parallel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tvm
from onnx import ModelProto
from tvm import relax
from tvm.relax.backend.cpu_generic import pipeline
from tvm.relax.dpl import is_op, rewrite_call, wildcard
from tvm.relax.frontend.onnx import from_onnx
from tvm.s_tir import Schedule
from tvm.tirx import IterVar, PrimFunc

TARGET = "llvm"
_ENTRY = "main"
_FUSED_LOOPS = 2


def compile_model(model: ModelProto, library: Path) -> None:
    """Write `model` as the shared library `library`, which takes a C compiler to link."""
    target = tvm.target.Target(TARGET)
    module = from_onnx(model)
    module[_ENTRY] = _with_checked_indices(module[_ENTRY])
    with target:
        module = _passes(pipeline.library_dispatch_passes, pipeline.legalize_passes)(module)
    for name, function in module.functions.items():
        if isinstance(function, PrimFunc):
            module[name] = _parallel(function)
    rest = _passes(pipeline.dataflow_lower_passes, pipeline.finalize_passes)
    relax.build(module, target, relax_pipeline=rest).export_library(str(library))


def _passes(*groups: Any) -> Any:
    target = tvm.target.Target(TARGET)
    return tvm.transform.Sequential([step for group in groups for step in group(target)])


def _with_checked_indices(function: Any) -> Any:
    """`function` with gathers that stay within the table: what lies outside is NaN.

    By itself TVM reads memory that is not its own there. Whole numbers have no NaN: there it is
    the nearest element of the table.
    """
    table, indices = wildcard(), wildcard()
    take = is_op("relax.take")(table, indices)

    def checked(call: Any, matched: Any) -> Any:
        if call.attrs.mode != "fast":
            return call
        mode = "nan" if "float" in str(call.ty.dtype) else "clip"
        return relax.op.take(matched[table], matched[indices], call.attrs.axis, mode)

    return rewrite_call(take, checked, function)


def _parallel(function: Any) -> Any:
    """`function` with the two outer loops of each block made one, shared out among threads."""
    schedule = Schedule(function)
    for block in schedule.get_child_blocks(schedule.get_sblock("root")):
        loops = schedule.get_loops(block)
        kinds = [variable.iter_type for variable in schedule.get(block).iter_vars]
        is_independent = [kind == IterVar.DataPar for kind in kinds[:_FUSED_LOOPS]]
        if loops and len(loops) == len(kinds) and all(is_independent):
            schedule.parallel(schedule.fuse(*loops[:_FUSED_LOOPS]))
    return schedule.mod[_ENTRY]
