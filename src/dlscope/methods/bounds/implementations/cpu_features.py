"""Which short types the processor computes in by itself; emulated they would bound nothing."""

from __future__ import annotations

from dlscope.stacks.system import system

_BFLOAT16 = frozenset({"amx_bf16", "avx512_bf16", "bf16"})
_INT8 = frozenset({"amx_int8", "asimddp", "avx512_vnni", "avx_vnni"})


def has_bfloat16() -> bool:
    """Whether there are instructions that multiply bfloat16 numbers."""
    return not _BFLOAT16.isdisjoint(_features())


def has_int8() -> bool:
    """Whether there are instructions that multiply and add up 8-bit integers."""
    return not _INT8.isdisjoint(_features())


def missing_instructions(dtype: str) -> str | None:
    """Why nothing is measured in `dtype` here; None where the processor can."""
    present = {"bfloat16": has_bfloat16, "int8": has_int8}
    if dtype in present and not present[dtype]():
        return f"this processor has no instructions for {dtype}"
    return None


def _features() -> frozenset[str]:
    return frozenset(system().cpu.features)
