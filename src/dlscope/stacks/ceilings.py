"""`ceilings`: what this machine computes and moves at best.

The peak is the fastest of several matrix products in float32, the bandwidth that of copying an
array several times as large as the last cache, read and written bytes together (roofline model,
Williams et al. 2009). Both are for a number of threads.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial

import numpy as np

from dlscope.reporting.words import plural
from dlscope.stacks.machine_rates import Measurement, Rates, fastest_s, machine_rates, tell_rates
from dlscope.stacks.system import system

_SIZES = (256, 512, 768, 1024, 1536, 2048)
_COPIED_BYTES = 256 << 20
_CACHES = 4


@dataclass(frozen=True)
class MeasuredCeilings:
    """FLOP/s in float32 and bytes/s of memory, with `source`: how they were found."""

    flops_per_s: float
    bytes_per_s: float
    source: str


def ceilings(threads: int) -> MeasuredCeilings:
    """Those of this machine for `threads`; measured, in about a second, where they are not known.

    Raises `MeasurementError` when they cannot be measured.
    """
    measurement = Measurement(
        "ceilings of the machine",
        "dlscope.stacks.ceilings",
        ("flops_per_s", "bytes_per_s"),
        threads,
        (str(_copied_bytes()),),
    )
    source = f"measured with NumPy {np.__version__}, {plural(threads, 'thread')}"
    return MeasuredCeilings(**machine_rates(measurement), source=source)


def _copied_bytes() -> int:
    caches = system().cpu.cache_bytes
    return max(_COPIED_BYTES, _CACHES * max(caches.values(), default=0))


def _flops_per_s() -> float:
    rates = []
    for size in _SIZES:
        a, b = (np.full((size, size), value, dtype=np.float32) for value in (0.5, 0.25))
        rates.append(2 * size**3 / fastest_s(partial(np.matmul, a, b, out=np.empty_like(a))))
    return max(rates)


def _bytes_per_s(size: int) -> float:
    source = np.ones(size // 8, dtype=np.float64)
    return 2 * source.nbytes / fastest_s(partial(np.copyto, np.zeros_like(source), source))


def _rates() -> Rates:
    # Memory first: where there is not enough, that is known before anything is computed.
    bytes_per_s = _bytes_per_s(int(sys.argv[1]))
    return {"flops_per_s": _flops_per_s(), "bytes_per_s": bytes_per_s}


if __name__ == "__main__":
    tell_rates(_rates)
