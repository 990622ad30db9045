from __future__ import annotations

from dlscope.methods.bricks import cold_memory
from dlscope.methods.bricks.cold_memory import ColdMemory, far_bytes


def test_what_is_read_is_no_more_than_fills_the_caches() -> None:
    largest = max(cold_memory.system().cpu.cache_bytes.values(), default=cold_memory._CACHE_BYTES)
    assert far_bytes() == cold_memory._CACHES * largest
    memory = ColdMemory(1 << 60)
    assert memory._memory.nbytes == far_bytes()
    memory.read(1 << 60)


def test_there_is_no_more_of_it_than_is_read() -> None:
    assert ColdMemory(800)._memory.nbytes == 800
    ColdMemory(0).read(0)
    ColdMemory(800).read(-1)
