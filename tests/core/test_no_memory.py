from __future__ import annotations

import pytest

from dlscope.core.no_memory import says_no_memory

PYTORCH = (
    "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: "
    "you tried to allocate 2048000000 bytes. Error code 12 (Cannot allocate memory)"
)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError(PYTORCH),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("std::bad_alloc"),
        RuntimeError("Failed to allocate memory for requested buffer of size 19200000000"),
        ImportError("onnxruntime.so: failed to map segment from shared object"),
        OSError(12, "Cannot allocate memory"),
        ValueError("RESOURCE_EXHAUSTED: Out of memory allocating 8 bytes"),
    ],
)
def test_knows_the_words_of_frameworks_and_systems(error: Exception) -> None:
    assert says_no_memory(error)


@pytest.mark.parametrize("error", [RuntimeError("a shape is wrong"), KeyError("memory")])
def test_other_errors_are_other_errors(error: Exception) -> None:
    assert not says_no_memory(error)
