"""`ceilings`: what this machine computes and moves at best, measured once and kept.

The peak is the fastest of several matrix products in float32, the bandwidth that of copying an
array several times as large as the last cache, read and written bytes together (roofline model,
Williams et al. 2009). Both are for a number of threads.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from dlscope.catalog.cache import cache_folder
from dlscope.core.digest import digest
from dlscope.core.errors import MeasurementError
from dlscope.core.whole_file import write_whole
from dlscope.reporting.words import plural
from dlscope.stacks.system import system

_SIZES = (256, 512, 768, 1024, 1536, 2048)
_REPEATS = 7
_COPIED_BYTES = 256 << 20
_CACHES = 4
_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


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
    machine = system()
    key = digest({"cpu": machine.cpu.to_json(), "threads": threads, "numpy": np.__version__})
    kept = cache_folder("ceilings") / f"{key[:32]}.json"
    try:
        return MeasuredCeilings(**json.loads(kept.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        found = _measured(threads)
    write_whole(kept, json.dumps(asdict(found)))
    return found


def _measured(threads: int) -> MeasuredCeilings:
    # Libraries read the number of threads when they are loaded.
    done = subprocess.run(
        [sys.executable, "-m", "dlscope.stacks.ceilings", str(_copied_bytes())],
        env={**os.environ, **dict.fromkeys(_THREADS, str(threads))},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise MeasurementError(
            f"the ceilings of the machine cannot be measured: {done.stderr.strip()[-200:]}",
            where="ceilings",
            fix="free memory, or leave the roofline out",
        )
    told = json.loads(done.stdout)
    source = f"measured with NumPy {np.__version__}, {plural(threads, 'thread')}"
    return MeasuredCeilings(**told, source=source)


def _copied_bytes() -> int:
    caches = system().cpu.cache_bytes
    return max(_COPIED_BYTES, _CACHES * max(caches.values(), default=0))


def _fastest(work: Callable[[], Any]) -> float:
    """Seconds of the fastest repetition."""
    best = float("inf")
    for _ in range(_REPEATS):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def _flops_per_s() -> float:
    rates = []
    for size in _SIZES:
        a, b = (np.full((size, size), value, dtype=np.float32) for value in (0.5, 0.25))
        rates.append(2 * size**3 / _fastest(partial(np.matmul, a, b, out=np.empty_like(a))))
    return max(rates)


def _bytes_per_s(size: int) -> float:
    source = np.ones(size // 8, dtype=np.float64)
    return 2 * source.nbytes / _fastest(partial(np.copyto, np.zeros_like(source), source))


def main() -> None:
    """Measure here and now, and write both to standard output, as JSON."""
    # Memory first: where there is not enough, that is known before anything is computed.
    bytes_per_s = _bytes_per_s(int(sys.argv[1]))
    found = {"flops_per_s": _flops_per_s(), "bytes_per_s": bytes_per_s}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
