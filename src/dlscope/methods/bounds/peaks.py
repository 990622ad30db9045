"""`measured_peaks`: how fast this machine computes, and how fast each of its caches is.

The floor needs rates that nothing beats: of each level the faster of two loops over arrays that
fill a part of it, a sum of two arrays and a product of them, which only reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.lib.stride_tricks import as_strided

from dlscope.methods.bounds.roofline_floor import MemoryLevel, Peaks
from dlscope.stacks.ceilings import ceilings
from dlscope.stacks.machine_rates import Measurement, Rates, fastest_s, machine_rates, tell_rates
from dlscope.stacks.system import system

MEMORY = "memory"
_LEVELS = ("L1d", "L2", "L3")
_SHARES = (0.25, 0.5, 0.75)
_BEYOND = 4
_PASSED_BYTES = 64 << 20
_FLOAT_BYTES = 4


def measured_peaks(threads: int = 1) -> Peaks:
    """Peaks for `threads`, the product of one thread's where the level is each core's own.

    Measured in some seconds where they are not known. Raises `MeasurementError` where they cannot
    be measured.
    """
    machine = ceilings(threads)
    rates = _level_rates()
    # A cache of all cores, and memory, are not faster for each further thread.
    shared = ("L3", MEMORY)
    levels = [
        MemoryLevel(name, rates[name] * (1 if name in shared else threads), size)
        for name, size in _sizes().items()
        if name in rates
    ]
    memory = max(machine.bytes_per_s, rates.get(MEMORY, 0.0))
    return Peaks({"float32": machine.flops_per_s}, (*levels, MemoryLevel(MEMORY, memory)))


def _sizes() -> Mapping[str, int]:
    sizes = system().cpu.cache_bytes
    return {name: sizes[name] for name in _LEVELS if name in sizes}


def _level_rates() -> Rates:
    names = (MEMORY, *_sizes())
    return machine_rates(
        Measurement("caches of the machine", "dlscope.methods.bounds.peaks", names)
    )


def bytes_per_s(size: int) -> float:
    """The most bytes read and written in a second over two arrays of `size` bytes together."""
    count = size // (2 * _FLOAT_BYTES)
    first, second = np.ones(count, np.float32), np.zeros(count, np.float32)
    passes = max(1, _PASSED_BYTES // size)
    # Each row is the same memory again: a loop without the cost of a call for each pass.
    many = [as_strided(each, (passes, count), (0, _FLOAT_BYTES)) for each in (first, second)]

    def read() -> None:
        for _ in range(passes):
            np.dot(first, second)

    loops = (partial(np.add, many[0], many[0], out=many[1]), read)
    moved = passes * 2 * first.nbytes
    return max(moved / fastest_s(each) for each in loops)


def level_rates() -> Rates:
    """Bytes/s of memory and of each cache, measured here and now."""
    sizes = _sizes()
    rates = {MEMORY: bytes_per_s(_BEYOND * max([*sizes.values(), 32 << 20]))}
    best = rates[MEMORY]
    for name, size in reversed(list(sizes.items())):
        # Nothing is slower than what lies beyond it, whatever two arrays may do to each other.
        best = max(best, *(bytes_per_s(int(size * share)) for share in _SHARES))
        rates[name] = best
    return rates


if __name__ == "__main__":
    tell_rates(level_rates)
